"""People's own digits against MNIST: files in, one result for each picture, a few files at a time."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from server.comparison import labels, reasons
from server.comparison.labels import Label
from server.comparison.mnist import Mnist
from server.comparison.shape import Shape, box_centred, measure
from server.messages import Message
from server.pictures import File, Layers, Picture, Skipped
from server.pictures.grey import thumbnail
from server.pictures.reader import Reader
from server.problems import Problem
from server.recognizer import CLASSIC, ROBUST, Recognition, Recognizer

T = TypeVar("T")
ABLATION = ("raw", "box", "mass")
"""How `classic` gets the pictures: as they are; cut out and scaled by their ink's box; and centred by mass as well."""
AHEAD, AHEAD_BYTES = 4, 2**26
"""Handfuls of files read ahead for each reading process, while they have no more bytes than these together."""
PREVIEW = 96
"""Longer side of a picture in the gallery, in pixels."""


class Result(NamedTuple):
    """What the networks say of one picture."""

    picture: Picture
    """Made as small as `PREVIEW`."""
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
    mnist: Callable[[], Mnist | None]
    """MNIST, or None while it is not there."""
    layers: Layers = Layers.AUTO
    client: str = ""
    """Who asks."""
    charge: Callable[[float], object] | None = None
    """Counts the seconds of the processor that this takes."""

    def compare(self, files: Iterable[File], workers: int) -> Iterator[Result | Skipped]:
        """Read and judge files in their order, several at once; end it early by closing the generator."""
        pool = ThreadPoolExecutor(workers, thread_name_prefix="compare")
        return in_order(self.judge_files, ([file] for file in files), pool, workers)

    def judge_files(self, files: list[File]) -> list[Result | Skipped]:
        """Read files and show their pictures to every network."""
        begun = time.thread_time()
        try:
            return [event for file in files for event in self._judge_file(file)]
        finally:
            if self.charge:
                self.charge(time.thread_time() - begun)

    def _judge_file(self, file: File) -> list[Result | Skipped]:
        try:
            if isinstance(file.data, Problem):
                raise file.data
            contents = self.reader.read(file.data, file.name, self.layers, self.client, file.packing)
        except Problem as problem:
            return [Skipped(file.name, None, problem.detail)]
        return [*map(self.judge, contents.pictures), *contents.skipped]

    def judge(self, picture: Picture) -> Result:
        """Show one picture to every network."""
        label = labels.find(picture.name, picture.layer)
        answers = {name: recognizer.recognize(picture.grey) for name, recognizer in self.recognizers.items()}
        robust, classic = answers[ROBUST], answers[CLASSIC]
        shape = measure(robust.normalized[np.newaxis], classic.normalized[np.newaxis])
        mnist = self.mnist()
        percentiles = mnist.percentiles(shape) if mnist and robust.ink > 0 else None
        return Result(
            picture._replace(grey=thumbnail(picture.grey, PREVIEW)),
            label,
            answers,
            self._ablation(robust, classic),
            shape,
            percentiles,
            reasons.find(percentiles) if percentiles else [],
            _nearest(mnist, robust, label) if mnist else {},
            label is not None and reasons.is_suspect(robust, label.digit),
        )

    def _ablation(self, robust: Recognition, classic: Recognition) -> dict[str, int | None]:
        if robust.digit is None:
            return dict.fromkeys(ABLATION)
        recognize = self.recognizers[CLASSIC].recognize
        by_mass = robust.normalized
        by_box = box_centred(by_mass)
        mass = recognize(255 * by_mass).digit
        # Every other digit lies the same by either rule.
        box = mass if np.array_equal(by_box, by_mass) else recognize(255 * by_box).digit
        return dict(zip(ABLATION, (classic.digit, box, mass), strict=True))


def in_order(
    work: Callable[[list[File]], list[T]], handfuls: Iterable[list[File]], pool: Executor, workers: int
) -> Iterator[T]:
    """What `work` makes of handfuls of files, in order, several at once in `pool`, which is shut down at the end."""
    pending: deque[tuple[int, Future[list[T]]]] = deque()
    try:
        for files in handfuls:
            size = sum(len(file.data) for file in files if isinstance(file.data, bytes))
            pending.append((size, pool.submit(work, files)))
            while len(pending) >= AHEAD * workers or sum(size for size, _ in pending) > AHEAD_BYTES:
                yield from pending.popleft()[1].result()
        while pending:
            yield from pending.popleft()[1].result()
    finally:
        pool.shutdown(cancel_futures=True)


def _nearest(mnist: Mnist, robust: Recognition, label: Label | None) -> dict[int, NDArray[np.uint8]]:
    """Of a misread picture, the training examples nearest to it."""
    if label is None or robust.digit in (None, label.digit):
        return {}
    return {digit: mnist.nearest(robust.normalized, digit) for digit in (robust.digit, label.digit)}
