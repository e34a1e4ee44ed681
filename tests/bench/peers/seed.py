"""The seed's network as Keras has it, in float32, with the weights that ship.

Those were rounded to 256 steps for each layer before they became float32 again, so they compress better than the
weights that a training leaves: the reference's bytes are on the low side.
"""

import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it when it is imported

import keras
import numpy as np
from PIL import Image, ImageOps

from server.settings import ROOT
from train.networks import classic

FOLDER = ROOT / "static/models/classic"
SIDE = 28


def network() -> keras.Model:
    """Images [n, 28, 28, 1], ink 0..1, to probabilities [n, 10]."""
    stack = classic()
    stack.set_weights(list(_weights(FOLDER)))
    return keras.Sequential([keras.Input((SIDE, SIDE, 1)), *stack.layers, keras.layers.Softmax()], name="seed")


def _weights(folder: Path):
    """The network's weights, layer by layer, out of the browser's files."""
    [group] = json.loads((folder / "model.json").read_text())["weightsManifest"]
    data = b"".join((folder / path).read_bytes() for path in group["paths"])
    start = 0
    for entry in group["weights"]:
        rounded = entry.get("quantization")
        count, dtype = int(np.prod(entry["shape"])), np.dtype(rounded["dtype"] if rounded else entry["dtype"])
        values = np.frombuffer(data, dtype, count, start).reshape(entry["shape"])
        start += values.nbytes
        if rounded:  # all else belongs to the graph around the network
            yield (values * rounded["scale"] + rounded["min"]).astype(np.float32)


def ink(picture: Image.Image) -> np.ndarray:
    """What the seed did with a picture: dark ink on light paper to [28, 28, 1], ink 0..1."""
    small = ImageOps.invert(picture.convert("L").resize((SIDE, SIDE)))
    return np.asarray(small, np.float32)[..., np.newaxis] / 255
