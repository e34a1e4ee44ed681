"""The checkpoint: whatever happens to the disk or the file, a whole one stays or a sentence says what to do."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from train import fit, networks
from train.errors import FitError

SETTINGS = fit.Settings("classic")


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """What a full disk is to whoever writes: an OSError halfway."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


@pytest.fixture
def checkpoint(tmp_path: Path) -> fit.Checkpoint:
    """One that has kept its first epoch."""
    callback = fit.Checkpoint(tmp_path / "checkpoint", SETTINGS, [])
    callback.set_model(networks.classic())
    end_epoch(callback, 0)
    return callback


def end_epoch(callback: fit.Checkpoint, epoch: int) -> None:
    callback.on_epoch_begin(epoch)
    callback.on_epoch_end(epoch, {"loss": 1.0})


def epochs_kept(callback: fit.Checkpoint) -> list[int]:
    model, history = fit._resume(callback.folder, SETTINGS)
    assert model is not None
    return [record["epoch"] for record in history]


def test_each_epoch_replaces_the_checkpoint_of_the_one_before(checkpoint: fit.Checkpoint) -> None:
    end_epoch(checkpoint, 1)
    assert epochs_kept(checkpoint) == [1, 2]
    assert [path.name for path in checkpoint.folder.parent.iterdir()] == ["checkpoint"]


def test_a_checkpoint_that_finds_no_space_leaves_the_one_before(checkpoint: fit.Checkpoint) -> None:
    with no_file_larger_than(50_000), pytest.raises(FitError, match="Free some disk space"):
        end_epoch(checkpoint, 1)
    assert epochs_kept(checkpoint) == [1]


def test_an_interrupt_between_two_renames_leaves_the_one_before(checkpoint: fit.Checkpoint) -> None:
    checkpoint.folder.rename(checkpoint.folder.with_suffix(".old"))
    assert epochs_kept(checkpoint) == [1]


@pytest.mark.parametrize("name", ["model.keras", "state.json"])
@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "text"])
def test_a_damaged_file_is_named(checkpoint: fit.Checkpoint, name: str, damage: str) -> None:
    path = checkpoint.folder / name
    whole = path.read_bytes()
    flipped = whole[: len(whole) // 2] + bytes(byte ^ 255 for byte in whole[len(whole) // 2 :][:200])
    path.write_bytes({"cut": whole[: len(whole) // 2], "flipped": flipped + whole[len(flipped) :]}.get(damage, b"[]"))
    if damage == "gone":
        path.unlink()
    with pytest.raises(FitError, match="is damaged"):
        fit._resume(checkpoint.folder, SETTINGS)


def test_a_setting_that_changed_is_named(checkpoint: fit.Checkpoint) -> None:
    with pytest.raises(FitError, match="seed 1 is now 2"):
        fit._resume(checkpoint.folder, fit.Settings("classic", seed=2))


def test_a_run_may_be_made_longer(checkpoint: fit.Checkpoint) -> None:
    assert fit._resume(checkpoint.folder, fit.Settings("classic", epochs=99))[0] is not None
