"""The numbers that the page Inside shows, against NumPy and Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.inside.javascript import call

LINEARISE = "inside/numbers/linearise.js"
DROPOUT = "inside/numbers/dropout.js"


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """One of every kind of layer, with random weights and biases."""
    keras.utils.set_random_seed(5)
    stack = [
        layers.Conv2D(4, 3, activation="relu", bias_initializer="normal"),
        layers.Conv2D(5, 5, padding="same", bias_initializer="normal"),
        layers.ReLU(),
        layers.MaxPooling2D(2),
        layers.Dropout(0.5),
        layers.Conv2D(6, 3, strides=2, padding="same", activation="relu", bias_initializer="normal"),
        layers.MaxPooling2D(2, padding="same"),
        layers.Flatten(),
        layers.Dense(7, activation="relu", bias_initializer="normal"),
        layers.Dropout(0.5),
        layers.Dense(10, bias_initializer="normal"),
    ]
    return keras.Sequential([keras.Input((15, 13, 1)), *stack])


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(2).random((1, 15, 13, 1)).astype(np.float32)


def run_of(network: keras.Model, image: np.ndarray) -> list[dict]:
    """What the page knows of a run: every layer with its values, from the image to the logits."""
    run = [{"kind": "Normalizing", "shape": image.shape[1:], "values": image}]
    for layer in network.layers:
        before, values = run[-1]["shape"], layer(run[-1]["values"].reshape(1, *run[-1]["shape"])).numpy()
        described = {"kind": type(layer).__name__, "shape": values.shape[1:], "values": values}
        described["activation"] = getattr(layer, "activation", keras.activations.linear).__name__
        if isinstance(layer, layers.ReLU):
            described["activation"] = "relu"
        if layer.weights:
            kernel = layer.get_weights()[0]
            described["kernel"] = {"shape": kernel.shape, "values": kernel}
        if size := getattr(layer, "kernel_size", getattr(layer, "pool_size", None)):
            reach = [(n - 1) * s + k for n, s, k in zip(values.shape[1:3], layer.strides, size, strict=True)]
            offset = [max(0, r - n) // 2 for r, n in zip(reach, before, strict=False)]
            described["window"] = {"size": size, "strides": layer.strides, "offset": offset}
        run.append(described)
    return run


def parts_of(run: list[dict], score: np.ndarray) -> dict:
    return call(LINEARISE, "(layers, score) => partsOf(layers, ({ values }) => values, score)", run, score)


@pytest.mark.parametrize("score", [np.eye(10)[3], np.eye(10)[8] - np.eye(10)[1]], ids=["3", "8 rather than 1"])
def test_the_parts_are_gradient_times_input(network: keras.Model, image: np.ndarray, score: np.ndarray) -> None:
    picture = tf.constant(image)
    with tf.GradientTape() as tape:
        tape.watch(picture)
        total = tf.reduce_sum(network(picture) * score.astype(np.float32))
    expected = (tape.gradient(total, picture) * picture).numpy().ravel()
    answer = parts_of(run_of(network, image), score)
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(answer["parts"], expected, atol=1e-6)
    assert answer["total"] == pytest.approx(float(total), abs=1e-5)


def test_without_biases_the_parts_of_the_pixels_are_the_whole_logit(network: keras.Model, image: np.ndarray) -> None:
    bare = keras.models.clone_model(network)
    bare.set_weights([weight * (weight.ndim > 1) for weight in network.get_weights()])
    answer = parts_of(run_of(bare, image), np.eye(10)[4])
    assert answer["biases"] == pytest.approx(0, abs=1e-5)
    assert sum(answer["parts"]) == pytest.approx(float(bare(image)[0, 4]), abs=1e-5)


def test_a_kind_of_layer_that_it_does_not_know_is_named(network: keras.Model, image: np.ndarray) -> None:
    run = run_of(network, image)
    run[2]["kind"] = "LayerNormalization"
    with pytest.raises(AssertionError, match="RangeError: LayerNormalization"):
        parts_of(run, np.eye(10)[0])


@pytest.mark.parametrize("temperature", [0.1, 1.0, 7.0])
def test_softmax_is_keras_softmax_of_the_logits_over_the_temperature(temperature: float) -> None:
    logits = np.random.default_rng(0).normal(0, 12, 10).astype(np.float32)
    answer = call("inside/numbers/softmax.js", "softmax", logits, temperature)
    expected = keras.ops.softmax(logits.astype(np.float64) / temperature).numpy()
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
    np.testing.assert_allclose(np.array(answer["exponentials"]) / answer["sum"], expected, atol=1e-6)


def test_softmax_of_enormous_logits_is_still_a_distribution() -> None:
    answer = call("inside/numbers/softmax.js", "softmax", [1000, 999, -1000], 0.1)
    assert sum(answer["probabilities"]) == pytest.approx(1)
    assert answer["probabilities"][0] > 0.99


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5])
def test_dropout_drops_its_share_and_keeps_the_expected_value_as_keras_does(rate: float) -> None:
    values = np.random.default_rng(1).random(20_000).astype(np.float32) + 1
    after = np.array(call(DROPOUT, "(values, rate) => drop(values, drawMask(values.length, rate), rate)", values, rate))
    kept = after != 0
    assert 1 - kept.mean() == pytest.approx(rate, abs=5 * 0.5 / 20_000**0.5)  # five standard errors
    keras_scale = layers.Dropout(rate)(np.ones((1, 50), np.float32), training=True).numpy().max()
    np.testing.assert_allclose(after[kept], values[kept] * keras_scale, rtol=1e-6)


def test_a_tally_counts_the_verdicts_and_ranks_the_probabilities() -> None:
    logits = np.random.default_rng(3).normal(0, 2, (1000, 10)).astype(np.float32)
    count = """(digit, first, rest) => {
        const tally = new Tally(digit, 2000);
        tally.add(first);
        tally.add(rest);
        return [tally.draws, tally.wins, tally.share, [0.05, 0.5, 0.95, 1].map((share) => tally.quantile(share))];
    }"""
    draws, wins, share, quantiles = call(DROPOUT, count, 7, logits[:300], logits[300:])
    probabilities = keras.ops.softmax(logits).numpy()
    assert draws == 1000
    assert wins == np.bincount(logits.argmax(axis=1), minlength=10).tolist()
    assert share == wins[7] / 1000
    np.testing.assert_allclose(
        quantiles, np.quantile(probabilities[:, 7], [0.05, 0.5, 0.95, 1], method="inverted_cdf"), atol=1e-6
    )
