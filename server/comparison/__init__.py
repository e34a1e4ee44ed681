"""People's own digits against MNIST: files in, one result for each picture, a few files at a time."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.comparison import labels, reasons
from server.comparison.labels import Label
from server.comparison.mnist import Mnist
from server.comparison.shape import Shape, box_centred, measure
from server.messages import Message
from server.pictures import Layers, Picture, Skipped
from server.pictures.archive import File
from server.pictures.reader import Reader
from server.problems import Problem
from server.recognizer import Recognition, Recognizer

ROBUST, CLASSIC = "robust", "classic"
ABLATION = ("raw", "box", "mass")
"""How `classic` gets the pictures: as they are; cut out and scaled by their ink's box; and centred by mass as well."""
AHEAD = 4
"""Files read ahead for each reading process."""


class Result(NamedTuple):
    """What the networks say of one picture."""

    picture: Picture
    label: Label | None
    answers: Mapping[str, Recognition]
    """By the network's name."""
    ablation: Mapping[str, int | None]
    """What `classic` reads, by `ABLATION`."""
    shape: Shape
    percentiles: Mapping[str, float] | None
    """Of `shape` among MNIST's digits, 0..100; None without MNIST."""
    reasons: list[Message]
    """What is unusual about the drawing, the most unusual first."""
    nearest: Mapping[int, NDArray[np.uint8]]
    """Of a misread picture: MNIST's nearest examples [k, 28, 28] of the digit read and of the label."""
    suspect: bool
    """Whether the label is probably wrong, and not the network."""

    @property
    def digit(self) -> int | None:
        """What `robust` reads."""
        return self.answers[ROBUST].digit


@dataclass(frozen=True)
class Comparer:
    """All that a comparison needs."""

    reader: Reader
    recognizers: Mapping[str, Recognizer]
    mnist: Mnist | None
    layers: Layers = Layers.AUTO

    def compare(self, files: Iterable[File], workers: int) -> Iterator[Result | Skipped]:
        """Read and judge files in their order, several at once; end it early by closing the generator."""
        files = iter(files)
        pending: deque[Future[list[Result | Skipped]]] = deque()
        pool = ThreadPoolExecutor(workers, thread_name_prefix="compare")
        try:
            for file in files:
                pending.append(pool.submit(self._judge_file, file))
                if len(pending) >= AHEAD * workers:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _judge_file(self, file: File) -> list[Result | Skipped]:
        try:
            if isinstance(file.data, Problem):
                raise file.data
            contents = self.reader.read(file.data, file.name, self.layers)
        except Problem as problem:
            return [Skipped(file.name, None, problem.detail)]
        return [*map(self.judge, contents.pictures), *contents.skipped]

    def judge(self, picture: Picture) -> Result:
        """Show one picture to every network."""
        label = labels.find(picture.name, picture.layer)
        answers = {name: recognizer.recognize(picture.grey) for name, recognizer in self.recognizers.items()}
        robust, classic = answers[ROBUST], answers[CLASSIC]
        shape = measure(robust.normalized[np.newaxis], classic.normalized[np.newaxis])
        percentiles = self.mnist.percentiles(shape) if self.mnist and robust.ink > 0 else None
        misread = label is not None and robust.digit is not None and robust.digit != label.digit
        return Result(
            picture,
            label,
            answers,
            self._ablation(robust, classic),
            shape,
            percentiles,
            reasons.find(percentiles) if percentiles else [],
            self._nearest(robust, label) if misread else {},
            label is not None and reasons.is_suspect(robust, label.digit),
        )

    def _ablation(self, robust: Recognition, classic: Recognition) -> dict[str, int | None]:
        if robust.digit is None:
            return dict.fromkeys(ABLATION)
        recognize = self.recognizers[CLASSIC].recognize
        placed = (box_centred(robust.normalized), robust.normalized)
        digits = [classic.digit, *(recognize(255 * ink).digit for ink in placed)]
        return dict(zip(ABLATION, digits, strict=True))

    def _nearest(self, robust: Recognition, label: Label | None) -> dict[int, NDArray[np.uint8]]:
        if self.mnist is None or robust.digit is None or label is None:
            return {}
        return {digit: self.mnist.nearest(robust.normalized, digit) for digit in (robust.digit, label.digit)}
