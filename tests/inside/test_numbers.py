"""The numbers that the page Inside shows, against NumPy and Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.inside.javascript import call

ATTRIBUTION = "inside/numbers/attribution.js"
DROPOUT = "inside/numbers/dropout.js"


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """One of every kind of layer, with random weights and biases."""
    keras.utils.set_random_seed(5)
    stack = [
        layers.Conv2D(4, 3, activation="relu", bias_initializer="normal"),
        layers.Conv2D(5, (2, 4), bias_initializer="normal"),
        layers.ReLU(),
        layers.MaxPooling2D(2),
        layers.Dropout(0.5),
        layers.Conv2D(6, 3, activation="relu", bias_initializer="normal"),
        layers.Conv2D(6, 3, strides=2, padding="same", activation="relu", bias_initializer="normal"),
        layers.Flatten(),
        layers.Dense(7, activation="relu", bias_initializer="normal"),
        layers.Dropout(0.5),
        layers.Dense(10, bias_initializer="normal"),
    ]
    return keras.Sequential([keras.Input((15, 13, 1)), *stack])


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(2).random((1, 15, 13, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def blank(image: np.ndarray) -> np.ndarray:
    """The empty page."""
    return np.zeros_like(image)


def described(network: keras.Model, drawn: np.ndarray, blank: np.ndarray) -> list[dict]:
    """What the page knows of two runs: every layer with its values for both, from the image to the logits."""
    run = [{"kind": "Normalizing", "shape": drawn.shape[1:], "drawn": drawn, "blank": blank}]
    for layer in network.layers:
        before = run[-1]["shape"]
        drawn, blank = layer(drawn).numpy(), layer(blank).numpy()
        entry = {"kind": type(layer).__name__, "shape": drawn.shape[1:], "drawn": drawn, "blank": blank}
        entry["source"] = {"shape": before}
        relu = isinstance(layer, layers.ReLU) or getattr(layer, "activation", None) is keras.activations.relu
        entry["activation"] = "relu" if relu else "linear"
        if layer.weights:
            kernel = layer.get_weights()[0]
            entry["kernel"] = {"shape": kernel.shape, "values": kernel}
        if size := getattr(layer, "kernel_size", getattr(layer, "pool_size", None)):
            reach = [(n - 1) * s + k for n, s, k in zip(drawn.shape[1:3], layer.strides, size, strict=True)]
            offset = [max(0, r - n) // 2 for r, n in zip(reach, before, strict=False)]
            entry["window"] = {"size": size, "strides": layer.strides, "offset": offset}
        run.append(entry)
    return run


def parts_of(run: list[dict], score: np.ndarray) -> dict:
    function = "(layers, score) => partsOf(layers, ({ drawn }) => drawn, ({ blank }) => blank, score)"
    return call(ATTRIBUTION, function, run, score)


def deeplift(network: keras.Model, drawn: np.ndarray, blank: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The same by TensorFlow: a relu multiplies by its rescaled slope, and the gradient does the rest."""
    drawn, blank = tf.constant(drawn), tf.constant(blank)

    def rescaled(sums: tf.Tensor, sums_blank: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        difference = sums - sums_blank
        slope = (tf.nn.relu(sums) - tf.nn.relu(sums_blank)) / tf.where(difference == 0, 1.0, difference)
        return tf.stop_gradient(slope) * sums, tf.nn.relu(sums_blank)

    with tf.GradientTape() as tape:
        tape.watch(drawn)
        values, blanks = drawn, blank
        for layer in network.layers:
            if isinstance(layer, layers.ReLU):
                slopes, blanks = rescaled(values, blanks)
                values = tf.stop_gradient(tf.nn.relu(values) - slopes) + slopes
            elif getattr(layer, "activation", None) is keras.activations.relu:
                layer.activation = keras.activations.linear
                sums, sums_blank = layer(values), layer(blanks)
                layer.activation = keras.activations.relu
                slopes, blanks = rescaled(sums, sums_blank)
                values = tf.stop_gradient(tf.nn.relu(sums) - slopes) + slopes
            else:
                values, blanks = layer(values), layer(blanks)
        total = tf.reduce_sum(values * score.astype(np.float32))
    return (tape.gradient(total, drawn) * (drawn - blank)).numpy().ravel()


@pytest.mark.parametrize("score", [np.eye(10)[3], np.eye(10)[8] - np.eye(10)[1]], ids=["3", "8 rather than 1"])
def test_the_parts_are_those_of_deeplift(
    network: keras.Model, image: np.ndarray, blank: np.ndarray, score: np.ndarray
) -> None:
    expected = deeplift(network, image, blank, score)
    answer = parts_of(described(network, image, blank), score)
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(answer["parts"], expected, atol=1e-5)


def test_the_empty_page_and_all_parts_add_up_to_the_logit(
    network: keras.Model, image: np.ndarray, blank: np.ndarray
) -> None:
    for digit in range(10):
        answer = parts_of(described(network, image, blank), np.eye(10)[digit])
        assert answer["total"] == pytest.approx(float(network(image)[0, digit]), abs=1e-5)
        assert answer["blank"] == pytest.approx(float(network(blank)[0, digit]), abs=1e-5)
        assert answer["blank"] + sum(answer["parts"]) == pytest.approx(answer["total"], abs=1e-4)


def test_a_kind_of_layer_that_it_does_not_know_is_named(
    network: keras.Model, image: np.ndarray, blank: np.ndarray
) -> None:
    run = described(network, image, blank)
    run[2]["kind"] = "LayerNormalization"
    with pytest.raises(AssertionError, match="RangeError: LayerNormalization"):
        parts_of(run, np.eye(10)[0])


def test_the_parts_of_pixels_are_shared_among_the_strokes_as_their_ink_is() -> None:
    """Two bars in a drawing of 280, seen at a tenth of its size: each has the parts of its own pixels."""
    strokes = [[[40, 60, 8], [240, 60, 8]], [[40, 200, 8], [240, 200, 8]]]
    parts = np.arange(28 * 28).reshape(28, 28) / 100
    # A bar of radius 8 about y = 60 covers the rows 5 and 6, and as much of either.
    answer = call(
        "inside/numbers/strokes.js",
        """(strokes, parts, window) => {
            const places = placesOf(280, 28, window);
            return [partsOfStrokes(strokes, parts, places, 280), places[60 * 280 + 45], places[279]];
        }""",
        strokes,
        parts.astype(np.float32),
        {"x": 140, "y": 140, "scale": 0.1},
    )
    [above, below], place, corner = answer
    assert (place, corner) == (6 * 28 + 4, 27)
    covered = slice(3, 25)  # from 40 - 8 to 240 + 8
    assert above == pytest.approx(parts[5:7, covered].sum(), rel=1e-5)
    assert below == pytest.approx(parts[19:21, covered].sum(), rel=1e-5)


def test_where_strokes_cross_they_share_the_pixel() -> None:
    strokes = [[[40, 140, 8], [240, 140, 8]], [[140, 40, 8], [140, 240, 8]]]
    answer = call(
        "inside/numbers/strokes.js",
        "(strokes, parts, window) => partsOfStrokes(strokes, parts, placesOf(280, 28, window), 280)",
        strokes,
        np.ones(28 * 28, np.float32),
        {"x": 140, "y": 140, "scale": 0.1},
    )
    assert answer[0] == pytest.approx(answer[1])
    assert sum(answer) == pytest.approx(2 * 2 * 22 - 4)  # two bars of 2 by 22 pixels that share 2 by 2


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
