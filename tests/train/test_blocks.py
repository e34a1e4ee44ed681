"""Blocks of long work that are kept on disk."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from train.blocks import Arrays, kept


def test_only_what_is_missing_is_made_and_what_was_interrupted_goes_on(tmp_path: Path) -> None:
    paths = {number: tmp_path / f"{number}.npz" for number in range(4)}
    asked: list[list[int]] = []

    def squares(missing: list[int], fail_at: int | None = None) -> Iterator[tuple[int, Arrays]]:
        asked.append(missing)
        for number in reversed(missing):  # in any order
            if number == fail_at:
                raise KeyboardInterrupt
            yield number, {"square": np.array([number**2])}

    with pytest.raises(KeyboardInterrupt):
        kept(paths, lambda missing: squares(missing, fail_at=1), "squaring")
    for _ in range(2):
        assert [int(block["square"][0]) for block in kept(paths, squares, "squaring")] == [0, 1, 4, 9]
    assert asked == [[0, 1, 2, 3], [0, 1]]
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("damage", [lambda whole: b"", lambda whole: b"no npz", lambda whole: whole[:-60]])
def test_a_damaged_block_is_made_again(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    paths = {0: tmp_path / "0.npz"}
    for number in (1, 2):
        [block] = kept(paths, lambda missing, n=number: [(0, {"number": np.arange(n)})], "counting")
        assert len(block["number"]) == number
        [again] = kept(paths, lambda missing: pytest.fail("it is there"), "counting")
        np.testing.assert_array_equal(again["number"], block["number"])
        paths[0].write_bytes(damage(paths[0].read_bytes()))
