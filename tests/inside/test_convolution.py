"""Conv2D, relu and MaxPooling2D as the page shows them, against Keras."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from tests.inside.javascript import call

MODULE = "inside/numbers/convolution.js"
SOURCE = (9, 8, 3)

CASES = {
    "valid": {"kernel_size": 3},
    "same": {"kernel_size": 3, "padding": "same"},
    "strided": {"kernel_size": 3, "strides": 2, "padding": "same"},
    "oblong": {"kernel_size": (2, 5)},
}
POOLS = {
    "2 x 2": {"pool_size": 2},
    "overlapping": {"pool_size": 3, "strides": 2},
    "padded": {"pool_size": 2, "padding": "same"},
}


@pytest.fixture(scope="module")
def image() -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(size=SOURCE).astype(np.float32)


def described(layer: layers.Layer, image: NDArray[np.float32]) -> tuple[dict[str, Any], NDArray[np.float32]]:
    """A layer as the page knows it, and what Keras computes."""
    values: NDArray[np.float32] = layer(image[np.newaxis]).numpy()[0]
    size = layer.kernel_size if hasattr(layer, "kernel_size") else layer.pool_size
    strides = layer.strides
    too_far = [max(0, (values.shape[axis] - 1) * strides[axis] + size[axis] - SOURCE[axis]) for axis in (0, 1)]
    page = {
        "shape": values.shape,
        "source": {"shape": SOURCE},
        "window": {"size": size, "strides": strides, "offset": [reach // 2 for reach in too_far]},
    }
    if layer.weights:
        kernel, bias = layer.get_weights()
        page |= {"kernel": {"shape": kernel.shape, "values": kernel}, "bias": {"shape": bias.shape, "values": bias}}
    return page, values


@pytest.mark.parametrize("name", CASES)
def test_every_pixel_of_a_map_is_keras_sum(name: str, image: NDArray[np.float32]) -> None:
    page, values = described(layers.Conv2D(4, **CASES[name], bias_initializer="normal"), image)
    maps = call(MODULE, "(layer, input) => [0, 1, 2, 3].map((filter) => sumsOf(layer, input, filter))", page, image)
    np.testing.assert_allclose(np.transpose(maps), values.reshape(-1, 4), atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_patch_and_kernel_give_the_parts_and_these_with_the_bias_the_sum(name: str, image: NDArray[np.float32]) -> None:
    page, values = described(layers.Conv2D(4, **CASES[name], bias_initializer="normal"), image)
    every = "(layer, input, places) => places.map((place) => sumAt(layer, input, 2, ...place))"
    places = list(np.ndindex(values.shape[:2]))
    for (row, column), shown in zip(places, call(MODULE, every, page, image, places), strict=True):
        patch, kernel = (np.reshape(shown[key], (-1, 3)) for key in ("patch", "kernel"))
        np.testing.assert_allclose(shown["parts"], (patch * kernel).sum(axis=0), atol=1e-5)
        assert sum(shown["parts"]) + shown["bias"] == pytest.approx(shown["sum"], abs=1e-5)
        assert shown["sum"] == pytest.approx(values[row, column, 2], abs=1e-5)


@pytest.mark.parametrize("name", POOLS)
def test_the_winner_is_the_largest_of_its_window(name: str, image: NDArray[np.float32]) -> None:
    page, values = described(layers.MaxPooling2D(**POOLS[name]), image)
    every = "(layer, input, places) => places.map((place) => poolAt(layer, input, 1, ...place))"
    places = list(np.ndindex(values.shape[:2]))
    for (row, column), pool in zip(places, call(MODULE, every, page, image, places), strict=True):
        winner = pool["places"][pool["winner"]]
        assert winner["value"] == max(place["value"] for place in pool["places"])
        assert winner["value"] == pytest.approx(values[row, column, 1])
        assert image[winner["row"], winner["column"], 1] == pytest.approx(winner["value"])


def test_the_share_of_zeros_is_what_relu_sets_to_zero(image: NDArray[np.float32]) -> None:
    after = tf.nn.relu(image).numpy()
    assert call(MODULE, "shareOfZeros", after) == pytest.approx(np.mean(image <= 0))
