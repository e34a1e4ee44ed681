"""The two networks, both of one family: what they share and where they differ; and the larger ones that teach.

Both take a 28x28x1 ink image and are a stack of Conv2D 3x3 with ReLU, MaxPooling2D (2, 2) and Dropout, then
Flatten and two Dense layers, the last with ten neurons and softmax: n pictures give an n x 10 matrix of
probabilities. `classic` is the network this project descends from, unchanged: 156,650 parameters, fed the
picture merely resized. `robust` is ours: fed the normalised picture, and trained with batch normalisation,
which is folded into the kernels at export, so that the network that ships has the plain layers again.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import keras
import tensorflow as tf
from keras import layers

from .normalizing import SIZE, Normalizing, PlainResizing

CLASSES = 10


@keras.saving.register_keras_serializable("digits")
class FusedBatchNormalization(layers.Layer):
    """Batch normalisation over the channels by TensorFlow's fused kernel.

    The same as keras.layers.BatchNormalization for [n, h, w, c], which on a CPU runs as a dozen separate
    operations and doubles the time of a training step.
    """

    MOMENTUM = 0.95
    EPSILON = 1e-3

    def build(self, input_shape):
        def weight(name, initializer, trainable):
            # Not cast to the layer's compute type: the kernel takes float32 statistics for any input.
            return self.add_weight(
                name=name,
                shape=input_shape[-1:],
                initializer=initializer,
                trainable=trainable,
                dtype="float32",
                autocast=False,
                # Several workers keep one set of statistics, the mean of theirs.
                aggregation="none" if trainable else "mean",
            )

        self.gamma, self.beta = weight("gamma", "ones", True), weight("beta", "zeros", True)
        self.moving_mean = weight("moving_mean", "zeros", False)
        self.moving_variance = weight("moving_variance", "ones", False)

    def call(self, x, training=False):
        statistics = {} if training else {"mean": self.moving_mean, "variance": self.moving_variance}
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            x, self.gamma, self.beta, epsilon=self.EPSILON, is_training=bool(training), **statistics
        )
        if training:
            self.moving_mean.assign(self.MOMENTUM * self.moving_mean + (1 - self.MOMENTUM) * mean)
            self.moving_variance.assign(self.MOMENTUM * self.moving_variance + (1 - self.MOMENTUM) * variance)
        return y

    def affine(self):
        """Factor and offset per channel, numpy [c] each, that the layer applies in use."""
        factor = self.gamma.numpy() / (self.moving_variance.numpy() + self.EPSILON) ** 0.5
        return factor, self.beta.numpy() - self.moving_mean.numpy() * factor


def _named(stack: list[layers.Layer], name: str) -> keras.Model:
    """The stack as a model whose layers are called conv1, conv2, pool1 and so on, the same in every run."""
    short = {"Conv2D": "conv", "MaxPooling2D": "pool", "FusedBatchNormalization": "norm"}
    counts: Counter[str] = Counter()
    for layer in stack:
        kind = short.get(type(layer).__name__, type(layer).__name__.lower())
        counts[kind] += 1
        layer.name = f"{kind}{counts[kind]}"
    return keras.Sequential([keras.Input((SIZE, SIZE, 1)), *stack], name=name)


def classic(normalised: bool = False) -> keras.Model:
    """The seed's network; it has no batch normalisation, whatever `normalised` says."""
    stack: list[layers.Layer] = []
    for filters in ((32, 32), (64, 64), (128,)):
        stack += [layers.Conv2D(f, 3, activation="relu") for f in filters]
        stack += [layers.MaxPooling2D(2), layers.Dropout(0.25)]
    stack += [
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(CLASSES),
    ]
    return _named(stack, "classic")


def _folding(
    name: str, blocks: tuple[tuple[int, ...], ...], dense: int, dropout: float, normalised: bool
) -> keras.Model:
    """A network whose batch normalisation folds into the plain layers that ship; logits out.

    Args:
        blocks: filters of the convolutions; pooling between and after the blocks, unless there is only one.
        dense: neurons before the last layer, 0 for none.
        normalised: with batch normalisation, for training; without, the plain layers it folds into.
    """

    def convolution(filters: int) -> list[layers.Layer]:
        if not normalised:
            return [layers.Conv2D(filters, 3, activation="relu")]
        return [layers.Conv2D(filters, 3, use_bias=False), FusedBatchNormalization(), layers.ReLU()]

    stack: list[layers.Layer] = []
    for block in blocks:
        stack += [layer for filters in block for layer in convolution(filters)]
        if len(blocks) > 1:
            stack.append(layers.MaxPooling2D(2))
    stack.append(layers.Flatten())
    if dense:
        stack.append(layers.Dense(dense, activation="relu"))
    return _named([*stack, layers.Dropout(dropout), layers.Dense(CLASSES)], name)


def robust(normalised: bool = True) -> keras.Model:
    """Our network."""
    return _folding("robust", ((32, 32), (64, 64, 64)), 64, 0.1, normalised)


def wide(normalised: bool = True) -> keras.Model:
    """A teacher: `robust` with two to three times the filters, 1.03 million parameters."""
    return _folding("wide", ((64, 96), (160, 160, 160)), 256, 0.3, normalised)


def deep(normalised: bool = True) -> keras.Model:
    """A teacher that never pools: ten convolutions, 1.12 million parameters (An et al. 2020, "An ensemble of simple
    convolutional neural network models for MNIST digit recognition")."""
    return _folding("deep", ((32, 48, 64, 80, 96, 112, 128, 144, 160, 176),), 0, 0.3, normalised)


def without_dropout(network: keras.Model) -> keras.Model:
    """The network with every dropout rate set to 0, in place."""
    for layer in network.layers:
        if isinstance(layer, layers.Dropout):
            layer.rate = 0.0
    return network


def fold(trained: keras.Model, plain: keras.Model) -> keras.Model:
    """`plain`, the same network without batch normalisation, made to compute what `trained` computes."""
    with_weights = [layer for layer in trained.layers if layer.weights]
    targets = [layer for layer in plain.layers if layer.weights]
    while with_weights:
        layer, target = with_weights.pop(0), targets.pop(0)
        if with_weights and isinstance(with_weights[0], FusedBatchNormalization):
            factor, offset = with_weights.pop(0).affine()
            target.set_weights([layer.get_weights()[0] * factor, offset])
        else:
            target.set_weights(layer.get_weights())
    return plain


@dataclass(frozen=True)
class Recipe:
    """How a network is built and what it is fed."""

    name: str
    build: Callable[..., keras.Model]
    """Called with `normalised`."""
    front: type[keras.layers.Layer]
    """The layer that turns raw pictures into the network's images."""
    distorted: bool
    """Whether it learns from MNIST distorted, anew in every epoch unless it is taught, or as it is, as the seed did."""
    drawn: bool
    """Whether it learns from pen drawings too."""
    epochs: int
    batch: int
    learning_rate: float
    label_smoothing: float
    taught: bool = False
    """Whether teachers say what its pictures show, beside the labels."""


RECIPES = {
    "robust": Recipe("robust", robust, Normalizing, True, True, 200, 128, 2e-3, 0.05, taught=True),
    "classic": Recipe("classic", classic, PlainResizing, False, False, 16, 128, 1e-3, 0.0),
}

TEACHER_RECIPES = {
    "wide": Recipe("wide", wide, Normalizing, True, True, 200, 256, 2e-3, 0.0),
    "deep": Recipe("deep", deep, Normalizing, True, True, 200, 256, 2e-3, 0.0),
}
"""The networks that teach `robust`; too large for a browser."""

_UNTAUGHT = replace(RECIPES["robust"], taught=False)
ABLATION = {
    "network alone": replace(_UNTAUGHT, front=PlainResizing, distorted=False, drawn=False),
    "+ normalising": replace(_UNTAUGHT, distorted=False, drawn=False),
    "+ distortion": replace(_UNTAUGHT, drawn=False),
    "+ penmanship": _UNTAUGHT,
    "+ teachers": RECIPES["robust"],
}
"""The same network with one ingredient more each time."""
