"""From a trained network to a folder that browser and server read: one graph, raw grey picture to probabilities.

The weights are rounded to 8 bits once, here, by the very scheme of the TensorFlow.js converter, and put back:
after that Keras, TensorFlow.js and LiteRT hold the same numbers, and what is evaluated is what ships. LiteRT
may round once more (per channel, and activations as it runs), as far as `verify` allows: 0.005 in probability.
"""

import base64
import contextlib
import hashlib
import io
import json
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from .errors import ExportError
from .networks import Recipe
from .penmanship import Tool, draw, write

WEIGHT_BITS = np.uint8
FLOAT_TOLERANCE = 1e-5
"""Largest difference in probability between Keras and an unquantized export."""
QUANTIZED_TOLERANCE = 5e-3
"""Likewise for the quantized exports, on the golden pictures: rounding moves a logit by some 0.05, which matters only
where the network is not sure."""


def whole_graph(recipe: Recipe, network: keras.Model) -> keras.Model:
    """Pictures [n, h, w] to a dictionary of `probabilities`, `normalized` images and `ink`.

    A blank picture has ten equal probabilities: what the network makes of no ink at all means nothing, and
    8-bit forms of it differ in that most.
    """
    picture = keras.Input((None, None), name="picture")
    normalized, ink = recipe.front(name=recipe.front.__name__.lower())(picture)
    drawn = keras.ops.expand_dims(keras.ops.cast(ink > 0.0, "float32"), axis=1)
    probabilities = keras.layers.Softmax(name="softmax")(drawn * network(normalized))
    outputs = {"probabilities": probabilities, "normalized": normalized, "ink": ink}
    return keras.Model(picture, outputs, name="digits")


def round_weights(network: keras.Model) -> None:
    """Rounds every weight of the network to the 256 steps of its tensor's range, in place."""
    quantization = _tensorflowjs().quantization
    for weight in network.weights:
        rounded, step = quantization.quantize_weights(weight.numpy(), WEIGHT_BITS)
        weight.assign(quantization.dequantize_weights(rounded, step, np.float32))


def apply_temperature(network: keras.Model, temperature: float) -> None:
    """Divides the logits by `temperature`, in the weights of the last layer."""
    last = network.layers[-1]
    last.set_weights([weight / temperature for weight in last.get_weights()])


def golden_pictures() -> list[tuple[int | None, NDArray[np.uint8]]]:
    """Small pictures of several shapes and polarities, drawn by penmanship, and a blank one, with labels."""
    pictures: list[tuple[int | None, NDArray[np.uint8]]] = []
    cases = [(1, 28, 0, True), (4, 32, 6, False), (7, 40, 0, False), (9, 36, 12, True), (2, 24, 4, False)]
    for digit, side, margin, light in cases:
        rng = np.random.default_rng(digit)
        ink = draw(write(digit, rng, care=0.9), Tool("pen", 0.09), side, rng)
        grey = np.round(255 * np.pad(ink, ((margin, 0), (0, 2 * margin)))).astype(np.uint8)
        pictures.append((digit, grey if light else 255 - grey))
    pictures.append((None, np.full((16, 20), 255, np.uint8)))
    return pictures


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder of the same name elsewhere; what is written there takes the place of `folder` at the end, all or
    nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder of all models, on its disk, so that renaming is one step, and where nobody looks for models.
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent.parent) as scratch:
        new, old = Path(scratch) / folder.name, Path(scratch) / "old"
        new.mkdir()
        yield new
        try:
            if folder.exists():
                folder.replace(old)
            new.replace(folder)
        except BaseException:
            if old.exists() and not folder.exists():
                old.replace(folder)
            raise


def export(recipe: Recipe, network: keras.Model, card: dict, folder: Path) -> None:
    """Writes TensorFlow.js and LiteRT models and card.json into an empty folder.

    Args:
        network: plain layers, 28x28 images to logits, weights already rounded.
        card: what is known of the training and the accuracy; the rest is filled in here.

    Raises:
        ExportError: an exported form differs from Keras, or cannot be written.
    """
    digits = whole_graph(recipe, network)
    with tempfile.TemporaryDirectory() as scratch:
        saved = Path(scratch) / "saved"
        try:
            with _quiet():
                digits.export(str(saved), verbose=False)
        except tf.errors.OpError as error:
            raise ExportError(
                f"The model could not be written to {scratch} ({error.message}). Free some disk space and give the "
                "same command again."
            ) from error
        _to_tfjs(saved, folder, [layer.name for layer in network.layers if layer.weights])
        form, model, worst = _smallest_litert(digits)
        (folder / "model.tflite").write_bytes(model)
        files = digests(folder)
        weights = b"".join(np.ascontiguousarray(weight.numpy()).tobytes() for weight in network.weights)
        card = {
            "name": recipe.name,
            "version": hashlib.sha256(weights).hexdigest()[:12],
            "parameters": network.count_params(),
            "layers": describe_layers(recipe, network, folder / "model.json"),
            **card,
            "files": files,
            "litert": {"weights": form, "largest_difference": float(f"{worst:.2g}")},
            "golden_tolerance": QUANTIZED_TOLERANCE,
            "golden": [_golden(digits, label, picture) for label, picture in golden_pictures()],
        }
        (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n")


def _tensorflowjs():
    """The package, imported when it is needed: it takes seconds."""
    # What it imports greets the user, with IPython where the output is no console.
    os.environ["TFDF_DISABLE_WELCOME_MESSAGE"] = "1"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
        import tensorflowjs
        import tensorflowjs.converters.tf_saved_model_conversion_v2
        import tensorflowjs.quantization
        import tensorflowjs.read_weights
    return tensorflowjs


def _to_tfjs(saved: Path, folder: Path, layers: list[str]) -> None:
    # The network's own weights only: the front's constants (coordinates) are no matter of 256 steps.
    rounded = [f"*/{layer}{end}/*" for layer in layers for end in ("", "_[0-9]*")]
    with _quiet():
        _tensorflowjs().converters.tf_saved_model_conversion_v2.convert_tf_saved_model(
            str(saved), str(folder), quantization_dtype_map={"uint8": rounded}, strip_debug_ops=True
        )
    # The converter notes its own machine's versions; without them the same weights give the same file.
    path = folder / "model.json"
    model = json.loads(path.read_text())
    path.write_text(json.dumps(model, separators=(",", ":")))


def restore(network: keras.Model, folder: Path) -> None:
    """Puts the weights of the exported model in `folder` into `network`, exact to the rounding of float32.

    Raises:
        ExportError: its files cannot be read, or hold another network.
    """
    try:
        manifest = json.loads((folder / "model.json").read_text())["weightsManifest"]
        [group] = _tensorflowjs().read_weights.read_weights(manifest, str(folder))
        for layer in network.layers:
            own = re.compile(rf"/{layer.name}(_\d+)?/")
            # Kernel and bias differ in their number of axes.
            stored = {entry["data"].ndim: entry["data"] for entry in group if own.search(entry["name"])}
            if layer.weights:
                layer.set_weights([stored[len(weight.shape)] for weight in layer.weights])
    except (OSError, ValueError, KeyError) as error:
        raise ExportError(f"{folder} does not hold the weights of {network.name} ({error}).") from error


def digests(folder: Path) -> dict[str, str]:
    """sha256 of each file of a folder, by its name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def _smallest_litert(digits: keras.Model) -> tuple[str, bytes, float]:
    """The smallest LiteRT form that holds the tolerance: its name, the model, its largest difference.

    Raises:
        ExportError: not even the unquantized form computes what Keras does.
    """
    unquantized = to_litert(digits, "float32")
    worst = verify(digits, unquantized, FLOAT_TOLERANCE)
    for form in ("int8", "float16"):
        model = to_litert(digits, form)
        with contextlib.suppress(ExportError):
            return form, model, verify(digits, model, QUANTIZED_TOLERANCE)
    return "float32", unquantized, worst


def to_litert(model: keras.Model, form: str) -> bytes:
    """`int8`: weights of 8 bits, activations rounded as they come; `float16`: weights only; `float32`: neither."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if form != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if form == "float16":
        converter.target_spec.supported_types = [tf.float16]
    with _quiet():
        return converter.convert()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the converters' talk of endpoints and captures off the terminal."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def litert(model: bytes) -> Callable[[NDArray], dict[str, NDArray[np.float32]]]:
    """A function from pictures [n, h, w] to the outputs of an exported LiteRT model."""
    interpreter = Interpreter(model_content=model, num_threads=1)
    runner = interpreter.get_signature_runner()
    return lambda pictures: runner(picture=np.asarray(pictures, np.float32))


def verify(digits: keras.Model, model: bytes, tolerance: float) -> float:
    """Largest difference in probability between LiteRT and Keras on the golden pictures.

    Raises:
        ExportError: it is above `tolerance`, or the normalized images or the ink differ.
    """
    worst = 0.0
    run = litert(model)
    for label, picture in golden_pictures():
        ours = digits(tf.constant(picture[np.newaxis], tf.float32))
        theirs = run(picture[np.newaxis])
        # Front and ink are float32 in both; the normalized image has no quantized step before it.
        for name, allowed in (
            ("normalized", FLOAT_TOLERANCE),
            ("ink", FLOAT_TOLERANCE),
            ("probabilities", tolerance),
        ):
            difference = float(np.abs(ours[name].numpy() - theirs[name]).max())
            if not difference <= allowed:
                raise ExportError(
                    f"LiteRT's {name} differ from Keras's by {difference:.2g} on the golden picture of "
                    f"{label}; {allowed:.0e} is allowed."
                )
            if name == "probabilities":
                worst = max(worst, difference)
    return worst


def describe_layers(recipe: Recipe, network: keras.Model, model_json: Path) -> list[dict]:
    """Name, class, output shape, parameters and graph node of each layer, from the picture to softmax.

    `node` names the node of the exported graph whose output is the layer's activation, null for a layer that
    does nothing in use (Dropout).
    """
    graph = json.loads(model_json.read_text())
    nodes = graph["modelTopology"]["node"]
    outputs = {name: tensor["name"].split(":")[0] for name, tensor in graph["signature"]["outputs"].items()}

    def described(name, kind, shape, parameters, node):
        return {"name": name, "class": kind, "output_shape": shape, "parameters": parameters, "node": node}

    size = [28, 28, 1]
    layers = [described(recipe.front.__name__.lower(), recipe.front.__name__, size, 0, outputs["normalized"])]
    for layer in network.layers:
        # Keras numbers the scopes of a network that is used twice: conv1, conv1_1.
        own = re.compile(rf"/{layer.name}(_\d+)?/")
        computed = [node["name"] for node in nodes if node["op"] != "Const" and own.search(node["name"])]
        layers.append(
            described(
                layer.name,
                type(layer).__name__,
                list(layer.output.shape[1:]),
                layer.count_params(),
                computed[-1] if computed else None,
            )
        )
    layers.append(described("softmax", "Softmax", [10], 0, outputs["probabilities"]))
    return layers


def _golden(digits: keras.Model, label: int | None, picture: NDArray[np.uint8]) -> dict:
    outputs = digits(tf.constant(picture[np.newaxis], tf.float32))
    height, width = picture.shape
    return {
        "label": label,
        "width": width,
        "height": height,
        "pixels": base64.b64encode(picture.tobytes()).decode(),
        "probabilities": [round(float(p), 6) for p in outputs["probabilities"][0]],
        "ink": round(float(outputs["ink"][0]), 6),
    }
