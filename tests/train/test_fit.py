"""The checkpoint: whatever happens to the disk or the file, a whole one stays or a sentence says what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.full_disk import no_file_larger_than
from train import fit, mnist, networks
from train.errors import FitError

SAME = {"network": "classic", "seed": 1, "code": "0123"}


@pytest.fixture
def checkpoint(tmp_path: Path) -> fit.Checkpoint:
    """One that has kept its first epoch."""
    callback = fit.Checkpoint(tmp_path / "checkpoint", SAME, [])
    callback.set_model(networks.classic())
    end_epoch(callback, 0)
    return callback


def end_epoch(callback: fit.Checkpoint, epoch: int) -> None:
    callback.on_epoch_begin(epoch)
    callback.on_epoch_end(epoch, {"loss": 1.0})


def epochs_kept(callback: fit.Checkpoint) -> list[int]:
    model, history = fit._resume(callback.folder, SAME)
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
        fit._resume(checkpoint.folder, SAME)


@pytest.mark.parametrize(("name", "now"), [("seed", 2), ("code", "4567")])
def test_what_changed_is_named(checkpoint: fit.Checkpoint, name: str, now: object) -> None:
    with pytest.raises(FitError, match=f"{name} {SAME[name]} is now {now}"):
        fit._resume(checkpoint.folder, {**SAME, name: now})


def test_the_number_of_epochs_decides_nothing_and_all_else_does(mnist_slice: mnist.Mnist) -> None:
    recipe, settings = networks.RECIPES["robust"], fit.Settings("robust")
    same = fit.fingerprint(recipe, settings, mnist_slice)
    assert fit.fingerprint(recipe, replace(settings, epochs=99), mnist_slice) == same
    other = mnist_slice._replace(training=mnist_slice.training.first(50))
    for changed in (
        fit.fingerprint(recipe, replace(settings, precision="bfloat16"), mnist_slice),
        fit.fingerprint(replace(recipe, batch=64), settings, mnist_slice),
        fit.fingerprint(recipe, settings, other),
    ):
        assert changed != same


def test_fewer_epochs_than_there_are_is_refused(
    checkpoint: fit.Checkpoint, mnist_slice: mnist.Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_epoch(checkpoint, 1)
    checkpoint.folder.parent.joinpath("classic").mkdir()
    checkpoint.folder.rename(tmp_path / "classic/checkpoint")
    monkeypatch.setattr(fit, "fingerprint", lambda *_: SAME)
    with pytest.raises(FitError, match="has 2 epochs already"):
        fit.fit(networks.RECIPES["classic"], fit.Settings("classic", epochs=1), mnist_slice, tmp_path)


@pytest.mark.parametrize("epochs", [3, 4, 10, 100])
def test_the_rate_warms_up_stays_and_cools_down(epochs: int) -> None:
    rates = [fit.learning_rate(epoch, epochs, 1.0) for epoch in range(epochs)]
    assert rates[0] == 0.25
    assert rates[1] == 1.0
    assert 0 < rates[-1] <= 0.5
    assert rates[1:] == sorted(rates[1:], reverse=True)
