"""Sets of pen-drawn pictures by the thousand: drawn by several processes, normalised, kept on disk.

A set is made of blocks, each with its own seed, so that an interrupted run goes on where it stopped and any
number of processes makes the same set.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import sources
from .blocks import Arrays, kept
from .penmanship import choose_tool, draw, paper, write
from .penmanship.doodles import SHOWN_IN_TRAINING, doodle
from .penmanship.hand import trace
from .penmanship.tools import ANYWHERE

BLOCK = 2000
SIDES = (28, 28, 40, 56, 112, 12)
"""Canvas sides in pixels, one block each in turn: many people's programs draw on 28x28, and old sets of digits come
in 8 to 16 pixels."""
TINY = (0.65, 1.0)
"""Range of a digit's longer side by the smallest canvas's: smaller ones nobody reads."""
NO_DIGIT = 10
"""Label of a doodle."""


def draw_block(
    seed: int, block: int, doodles: float = 0.0, kinds: list[str] = SHOWN_IN_TRAINING, count: int = BLOCK
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw one block.

    Args:
        seed, block: the same two give the same block.
        doodles: share of pictures that show no digit.

    Returns:
        Grey pictures [count, side, side] of either polarity, and labels [count], `NO_DIGIT` for doodles.
    """
    rng = np.random.default_rng([seed, block])
    side = SIDES[block % len(SIDES)]
    fill = TINY if side == min(SIDES) else ANYWHERE
    pictures = np.empty((count, side, side), np.uint8)
    labels = np.empty(count, np.uint8)
    for k in range(count):
        is_doodle = rng.random() < doodles
        digit = int(rng.integers(10))
        labels[k] = NO_DIGIT if is_doodle else digit
        strokes = trace(doodle(rng, kinds), rng) if is_doodle else write(digit, rng)
        if not strokes:
            pictures[k] = paper.blank(side, rng)
            continue
        scaled = rng.random() < 0.3
        ink = draw(strokes, choose_tool(rng), side * 4 if scaled and side < 112 else side, rng, fill)
        pictures[k] = paper.lay(paper.shrink(ink, side, rng) if len(ink) != side else ink, rng)
    return pictures, labels


def _draw(job: tuple) -> tuple[int, NDArray[np.uint8], NDArray[np.uint8]]:
    return (job[1], *draw_block(*job))


def draw_blocks(
    seed: int, blocks: list[int], doodles: float = 0.0, kinds: list[str] = SHOWN_IN_TRAINING
) -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.uint8]]]:
    """`draw_block` for each of `blocks`, as they are ready, on all processors."""
    # Spawned, not forked: TensorFlow's threads do not survive a fork. An interrupt is the parent's, who ends them.
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count(), signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        yield from pool.imap_unordered(_draw, [(seed, block, doodles, kinds) for block in blocks])


def normalized_set(
    count: int, seed: int, folder: Path, doodles: float = 0.0, shaken: bool = False
) -> tuple[NDArray, NDArray]:
    """A set of pictures as the network sees them, from `folder`, or drawn and kept there.

    Args:
        doodles: share of pictures that show no digit.
        shaken: the windows are, as training wants them and nothing else does.

    Returns:
        uint8 [count, 28, 28], ink 0..255, and labels [count].
    """
    from .normalizing import normalize_pictures

    folder = folder / sources.digest(sources.DRAWING)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"seed{seed}-doodles{doodles}{'-shaken' if shaken else ''}"
    paths = {block: folder / f"{name}-{block:04d}.npz" for block in range(-(-count // BLOCK))}

    def draw_missing(missing: list[int]) -> Iterator[tuple[int, Arrays]]:
        for block, pictures, labels in draw_blocks(seed, missing, doodles):
            images = normalize_pictures(pictures, jitter_seed=block if shaken else None)
            yield block, {"images": np.round(images * 255).astype(np.uint8), "labels": labels}

    parts = kept(paths, draw_missing, "drawing digits")
    return (
        np.concatenate([part["images"] for part in parts])[:count],
        np.concatenate([part["labels"] for part in parts])[:count],
    )
