"""Long work in blocks, each kept on disk once it is done: an interrupted run goes on where it stopped."""

import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .progress import progress

Key = TypeVar("Key")
Arrays = dict[str, NDArray]


def kept(paths: dict[Key, Path], make: Callable[[list[Key]], Iterable[tuple[Key, Arrays]]], what: str) -> list[Arrays]:
    """The arrays of every block, in the order of `paths`: from disk, or made and kept there, also for a damaged one.

    Args:
        paths: .npz file of each block, whose folder there is.
        make: makes those that are missing, in any order.
        what: what is told meanwhile.
    """
    blocks = {key: _read(path) for key, path in paths.items()}
    missing = [key for key, block in blocks.items() if block is None]
    if missing:
        bar = progress(len(missing), what)
        for key, arrays in make(missing):
            part = paths[key].with_suffix(".part.npz")
            np.savez_compressed(part, **arrays)
            part.replace(paths[key])
            blocks[key] = arrays
            bar.add(1)
    return [block for block in blocks.values() if block is not None]


def _read(path: Path) -> Arrays | None:
    """A block, or None where there is none that can be read: what a power cut left."""
    try:
        with np.load(path) as block:
            return dict(block)
    except (FileNotFoundError, EOFError, ValueError, zipfile.BadZipFile, zlib.error):
        return None
