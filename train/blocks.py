"""Long work in blocks, each kept on disk once it is done: an interrupted run goes on where it stopped."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .progress import progress

Key = TypeVar("Key")
Arrays = dict[str, NDArray]


def kept(paths: dict[Key, Path], make: Callable[[list[Key]], Iterable[tuple[Key, Arrays]]], what: str) -> list[Arrays]:
    """The arrays of every block, in the order of `paths`: from disk, or made and kept there.

    Args:
        paths: .npz file of each block, whose folder there is.
        make: makes those that are missing, in any order.
        what: what is told meanwhile.
    """
    missing = [key for key, path in paths.items() if not path.exists()]
    if missing:
        bar = progress(len(missing), what)
        for key, arrays in make(missing):
            part = paths[key].with_suffix(".part.npz")
            np.savez_compressed(part, **arrays)
            part.replace(paths[key])
            bar.add(1)
    return [dict(np.load(path)) for path in paths.values()]
