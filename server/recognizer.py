"""The trained networks, run by LiteRT: a raw grey picture in, ten probabilities out.

A model is a folder with `card.json`, which carries the sha256 of every other file and golden vectors:
pictures with the probabilities that the network gave for them when it was exported. Both are checked when a
model is loaded, so that a damaged or swapped file stops the start and never gives a wrong answer.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from server.errors import StartError

ROBUST, CLASSIC = NETWORKS = ("robust", "classic")
"""The networks that there must be: one answers where none is named, and Compare shows every picture to both."""

MNIST_SIZE = (28, 28)

RESTORE = "Restore it with `git checkout -- static/models`, or make it anew with `make train`."


class ModelError(StartError):
    """A model's folder is missing, incomplete, damaged or wrong."""


class Recognition(NamedTuple):
    """What the network says of one picture."""

    probabilities: NDArray[np.float32]
    """[10], one per digit, summing to 1."""
    normalized: NDArray[np.float32]
    """[28, 28], ink 0..1: what the network sees."""
    ink: float
    """0 where nothing is drawn."""

    @property
    def digit(self) -> int | None:
        """The most probable digit, or None where nothing is drawn."""
        return int(self.probabilities.argmax()) if self.ink > 0 else None


class Recognizer:
    """One network. Any number of threads may call `recognize` at once: each takes an interpreter for that time.

    Args:
        folder: holds `card.json`, `model.tflite` and the browser's files.

    Raises:
        ModelError: a file is missing or not the card's, or the network answers otherwise than at its export.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.card = self._read_card()
        self.name: str = self.card["name"]
        self.version: str = self.card["version"]
        contents = {name: self._verified(name, sha256) for name, sha256 in self.card["files"].items()}
        self._model = contents["model.tflite"]
        self._idle: dict[bool, list[Any]] = {True: [], False: []}
        """Interpreters that nobody uses, by whether they are for pictures of MNIST's size."""
        self._check_golden()
        self._intact = self._signature()

    def recognize(self, picture: NDArray[Any]) -> Recognition:
        """Read one grey picture [h, w], 0..255, of any size and polarity."""
        with self._runner(picture.shape) as run:
            outputs = run(picture=picture[np.newaxis].astype(np.float32))
        return Recognition(outputs["probabilities"][0], outputs["normalized"][0, :, :, 0], float(outputs["ink"][0]))

    @contextmanager
    def _runner(self, size: tuple[int, ...]) -> Iterator[Any]:
        """An interpreter of one's own; others for MNIST's size, which comes between others when files are compared.

        With every change of size LiteRT plans its memory anew, which takes as long as reading a digit.
        """
        idle = self._idle[size == MNIST_SIZE]
        try:
            runner = idle.pop()  # the one used last; lists are safe between threads
        except IndexError:
            runner = Interpreter(model_content=self._model, num_threads=1).get_signature_runner()
        try:
            yield runner
        finally:
            idle.append(runner)

    def check_files(self) -> None:
        """Look whether the files are still those that were loaded; they are read again only where they were touched.

        Raises:
            ModelError: one is missing, cut or swapped. Answers stay right all the same: they come from memory.
        """
        signature = self._signature()
        if signature == self._intact:
            return
        if self._read_card() != self.card:
            raise ModelError(f"{self._folder / 'card.json'} is not the one that was loaded. Restart the server.")
        for name, sha256 in self.card["files"].items():
            self._verified(name, sha256)
        self._intact = signature

    def _signature(self) -> list[tuple[int, int, int] | None]:
        """What changes when a file does."""
        signature: list[tuple[int, int, int] | None] = []
        for name in ("card.json", *self.card["files"]):
            try:
                status = (self._folder / name).stat()
                signature.append((status.st_ino, status.st_size, status.st_mtime_ns))
            except OSError:
                signature.append(None)
        return signature

    def _read_card(self) -> dict[str, Any]:
        path = self._folder / "card.json"
        try:
            card: dict[str, Any] = json.loads(path.read_bytes())
            missing = {"name", "version", "files", "golden", "golden_tolerance"} - card.keys()
            if missing or "model.tflite" not in card["files"]:
                raise ValueError(f"incomplete: {missing}")
            if card["name"] != self._folder.name:
                raise ModelError(f"{self._folder} holds the network {card['name']!r}. {RESTORE}")
        except OSError:
            raise ModelError(f"{path} cannot be read. {RESTORE}") from None
        except (ValueError, AttributeError, TypeError):
            raise ModelError(f"{path} is not a complete model card. {RESTORE}") from None
        return card

    def _verified(self, name: str, sha256: str) -> bytes:
        path = self._folder / name
        try:
            content = path.read_bytes()
        except OSError:
            raise ModelError(f"{path} cannot be read. {RESTORE}") from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ModelError(f"{path} is damaged: its sha256 is not the one in card.json. {RESTORE}")
        return content

    def _check_golden(self) -> None:
        path = self._folder / "model.tflite"
        for golden in self.card["golden"]:
            try:
                pixels = np.frombuffer(base64.b64decode(golden["pixels"]), np.uint8)
                answer = self.recognize(pixels.reshape(golden["height"], golden["width"]))
            except (ValueError, RuntimeError, KeyError):
                raise ModelError(f"{path} cannot be run on its golden vectors. {RESTORE}") from None
            difference = np.abs(answer.probabilities - golden["probabilities"]).max()
            # Not `difference > tolerance`: that would let NaN pass.
            if not difference <= self.card["golden_tolerance"]:
                raise ModelError(
                    f"{path} gives other answers than when it was exported "
                    f"(a probability differs by {difference:.2g}). {RESTORE}"
                )


def load(folder: Path) -> Mapping[str, Recognizer]:
    """Load every model in `folder`, by name; `NETWORKS` must be among them.

    Raises:
        ModelError: one is missing or unusable.
    """
    names = {*NETWORKS} | {path.name for path in folder.glob("*") if path.is_dir()}
    return {name: Recognizer(folder / name) for name in sorted(names)}
