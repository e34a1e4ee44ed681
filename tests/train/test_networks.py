"""The two networks: the seed's, exactly, and ours, before and after folding."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from train import networks
from train.networks import FusedBatchNormalization, fold


def test_classic_is_the_seeds_network() -> None:
    model = networks.classic()
    assert model.count_params() == 156_650
    assert [(type(layer).__name__, *layer.output.shape[1:]) for layer in model.layers] == [
        ("Conv2D", 26, 26, 32),
        ("Conv2D", 24, 24, 32),
        ("MaxPooling2D", 12, 12, 32),
        ("Dropout", 12, 12, 32),
        ("Conv2D", 10, 10, 64),
        ("Conv2D", 8, 8, 64),
        ("MaxPooling2D", 4, 4, 64),
        ("Dropout", 4, 4, 64),
        ("Conv2D", 2, 2, 128),
        ("MaxPooling2D", 1, 1, 128),
        ("Dropout", 1, 1, 128),
        ("Flatten", 128),
        ("Dense", 128),
        ("Dropout", 128),
        ("Dense", 10),
    ]


def test_robust_ships_with_the_same_kinds_of_layers() -> None:
    kinds = {type(layer).__name__ for layer in networks.robust(normalised=False).layers}
    assert kinds == {"Conv2D", "MaxPooling2D", "Dropout", "Flatten", "Dense"}


def test_n_pictures_give_an_n_by_10_matrix() -> None:
    assert networks.robust()(np.zeros((5, 28, 28, 1), np.float32)).shape == (5, 10)


@pytest.mark.parametrize("training", [False, True])
def test_fused_batch_normalization_is_keras_batch_normalization(training: bool) -> None:
    x = np.random.default_rng(0).normal(2, 3, (16, 5, 5, 4)).astype(np.float32)
    ours, theirs = FusedBatchNormalization(), keras.layers.BatchNormalization(momentum=FusedBatchNormalization.MOMENTUM)
    for layer in (ours, theirs):
        layer.build(x.shape)
        layer.set_weights([np.float32(v) for v in ([1, 2, 3, 4], [0, 1, 0, -1], [2, 2, 2, 1], [9, 8, 9, 7])])
    np.testing.assert_allclose(ours(x, training=training), theirs(x, training=training), atol=1e-4)
    # The fused kernel estimates the variance from n - 1 samples, Keras from n: here 0.25 % apart.
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3)


@pytest.mark.parametrize("build", [networks.robust, networks.wide, networks.deep])
def test_folding_keeps_what_the_network_computes(build: Callable[..., keras.Model]) -> None:
    trained = build()
    rng = np.random.default_rng(1)
    for layer in trained.layers:
        if isinstance(layer, FusedBatchNormalization):
            layer.set_weights([rng.uniform(0.5, 2, weight.shape) for weight in layer.get_weights()])
    images = rng.random((8, 28, 28, 1)).astype(np.float32)
    expected = trained(images).numpy()
    plain = fold(trained, build(normalised=False))
    np.testing.assert_allclose(plain(images), expected, atol=1e-4 * np.abs(expected).max())
