"""Retraining `robust` with a person's own digits: the npz that the Compare page exports.

It goes on from the weights that ship, not from a checkpoint: they are what the person compared, so "before" is the
model of the report; everybody has them, while a checkpoint stays where it was trained; and a few epochs do. MNIST and
pen drawings stay in every batch, or the network would forget how other people write.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from . import MODELS
from .errors import DataError
from .evaluate import BATCH, write_card
from .export import litert, restore
from .measures import wilson
from .mnist import Split, read
from .networks import Recipe

EPOCHS = 3
LEARNING_RATE = 2e-4
"""A tenth of the recipe's: the weights are nearly right already."""
DRAWINGS = 40_000


class Extra(NamedTuple):
    """A person's digits as `robust` sees them."""

    training: Split
    held_back: Split
    """Never trained on: what before and after are measured by."""


def load(path: Path) -> Extra:
    """Read an npz in Keras's form; pictures that are in both its parts are held back.

    Raises:
        DataError: it is missing, no such npz, or one of its parts is empty.
    """
    training, held_back = read(path)
    known = {picture.tobytes() for picture in held_back.pictures}
    new = np.array([picture.tobytes() not in known for picture in training.pictures], bool)
    training = Split(training.pictures[new], training.labels[new])
    if not len(training.labels) or not len(held_back.labels):
        raise DataError(
            f"{path} needs pictures to train on (x_train) and others to measure by (x_test). "
            "Compare holds one labelled digit in five back, so label five or more."
        )
    return Extra(training, held_back)


def retraining(recipe: Recipe, start: Path, fresh: bool) -> Recipe:
    """The recipe that goes on from the model that ships.

    Args:
        start: folder where that model is kept until the run is thrown away, since the export may take its place.
        fresh: throw an earlier run away.
    """
    if fresh:
        shutil.rmtree(start, ignore_errors=True)
    if not start.exists():
        part = start.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            shutil.copytree(MODELS / recipe.name, part)
        except FileNotFoundError:
            raise DataError(f"{MODELS} has no {recipe.name}: restore it with `git checkout -- {MODELS}`.") from None
        part.replace(start)
    return replace(
        recipe, build=_going_on(recipe.build, start), epochs=EPOCHS, learning_rate=LEARNING_RATE, taught=False
    )


def _going_on(build: Callable[..., keras.Model], start: Path) -> Callable[..., keras.Model]:
    def restored(normalised: bool) -> keras.Model:
        network = build(normalised=False)  # as it was exported, batch normalisation folded in
        restore(network, start)
        return network

    return restored


def compare(folder: Path, start: Path, extra: Extra) -> None:
    """Measure the retrained model in `folder`, and that in `start`, on what was held back; into the new one's card."""
    card, before = _card(folder), _card(start)
    card["retrained"] = {
        "start": before["version"],
        "pictures": len(extra.training.labels),
        "before": _accuracy(start, extra.held_back),
        "after": _accuracy(folder, extra.held_back),
    }
    write_card(folder / "card.json", card)


def told(folder: Path, start: Path) -> str:
    """Before and after of a retrained and evaluated model, for people: on the own digits, and on MNIST."""
    card, before = _card(folder), _card(start)
    own = card["retrained"]
    figures = {
        "your digits held back from training": (own["before"], own["after"]),
        "MNIST test": tuple(each["accuracy"]["MNIST test"] for each in (before, card)),
    }
    return "\n".join(f"{name}: before {_percent(was)}, after {_percent(now)}" for name, (was, now) in figures.items())


def _card(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / "card.json").read_text())
    return card


def _accuracy(folder: Path, split: Split) -> dict[str, float]:
    """What the exported model in `folder` reads right, as cards have it."""
    run, hits, n = litert((folder / "model.tflite").read_bytes()), 0, len(split.labels)
    for at in range(0, n, BATCH):
        part = slice(at, at + BATCH)
        hits += int((run(split.pictures[part])["probabilities"].argmax(axis=1) == split.labels[part]).sum())
    share, low, high = (round(value, 5) for value in wilson(hits, n))
    return {"accuracy": share, "low": low, "high": high, "n": n}


def _percent(figure: dict[str, float]) -> str:
    share, low, high = (100 * figure[name] for name in ("accuracy", "low", "high"))
    return f"{share:.2f} % of {figure['n']:,} ({low:.2f} to {high:.2f})"
