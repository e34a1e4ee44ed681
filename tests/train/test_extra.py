"""Retraining with a person's own digits: from the npz that Compare exports to before and after, in a tiny real run."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from train import MODELS, batches, extra, mnist, networks
from train.__main__ import main
from train.errors import DataError, ExportError
from train.export import restore, whole_graph
from train.mnist import Split
from train.networks import RECIPES


def digits(count: int, seed: int = 0) -> np.ndarray:
    """Sevens as a person draws them, each a little different, uint8 [count, 28, 28]."""
    rng = np.random.default_rng(seed)
    pictures = np.zeros((count, 28, 28), np.uint8)
    for picture in pictures:
        top, left = rng.integers(3, 6, 2)
        picture[top : top + 3, left : left + 16] = 255
        for y in range(top, top + 18):
            x = left + 13 - (y - top) // 2
            picture[y, x : x + 3] = 255
    return pictures


def save(path: Path, train: np.ndarray, test: np.ndarray, label: int = 7) -> Path:
    """An npz as Compare exports it, with one label for all."""
    labels = {"y_train": np.full(len(train), label, np.uint8), "y_test": np.full(len(test), label, np.uint8)}
    np.savez_compressed(path, x_train=train, x_test=test, **labels)
    return path


# The file


def test_the_two_parts_are_read_and_no_picture_is_in_both(tmp_path: Path) -> None:
    pictures = np.arange(5 * 28 * 28, dtype=np.uint8).reshape(5, 28, 28)
    own = extra.load(save(tmp_path / "my.npz", pictures[:4], pictures[3:]))
    np.testing.assert_array_equal(own.training.pictures, pictures[:3])
    np.testing.assert_array_equal(own.held_back.pictures, pictures[3:])


@pytest.mark.parametrize(("train", "test"), [(4, 0), (0, 4), (0, 0)])
def test_a_file_with_an_empty_part_says_how_many_digits_are_needed(tmp_path: Path, train: int, test: int) -> None:
    with pytest.raises(DataError, match="label five or more"):
        extra.load(save(tmp_path / "my.npz", digits(train), digits(test, 1)))


def test_what_is_measured_by_is_never_trained_on(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="others to measure by"):
        extra.load(save(tmp_path / "my.npz", digits(3), digits(3)))


@pytest.mark.parametrize("content", [None, b"", b"7"], ids=["missing", "empty", "text"])
def test_a_file_that_is_no_npz_is_a_sentence_and_not_a_trace(tmp_path: Path, content: bytes | None, capsys) -> None:
    path = tmp_path / "my.npz"
    if content is not None:
        path.write_bytes(content)
    assert main(["--extra", str(path), "--work", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert str(path) in error
    assert "does not exist" in error or "cannot be read" in error


def test_only_the_network_that_sees_such_digits_is_retrained(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--extra", "my.npz", "--network", "classic"])
    assert "retrains robust" in capsys.readouterr().err


# What it goes on from


def shipped(name: str = "robust") -> dict:
    return json.loads((MODELS / name / "card.json").read_text())


@pytest.mark.parametrize("name", ["robust", "classic"])
def test_the_weights_that_ship_compute_what_their_card_says(name: str) -> None:
    network = RECIPES[name].build(normalised=False)
    restore(network, MODELS / name)
    graph = whole_graph(RECIPES[name], network)
    for golden in shipped(name)["golden"]:
        pixels = np.frombuffer(base64.b64decode(golden["pixels"]), np.uint8)
        picture = pixels.reshape(1, golden["height"], golden["width"]).astype(np.float32)
        np.testing.assert_allclose(graph(picture)["probabilities"][0], golden["probabilities"], atol=1e-5)


def test_another_networks_weights_are_refused(tmp_path: Path) -> None:
    for folder in (MODELS / "classic", tmp_path):
        with pytest.raises(ExportError, match="does not hold the weights"):
            restore(networks.robust(normalised=False), folder)


def test_every_batch_holds_own_digits_distorted_like_mnists() -> None:
    plain = Split(np.zeros((300, 28, 28), np.uint8), np.zeros(300, np.uint8))
    own = Split(digits(5), np.full(5, 7, np.uint8))
    recipe = RECIPES["robust"]
    for images, targets in batches.training_batches(recipe, plain, None, 1, range(2), extra=own).as_numpy_iterator():
        mine = targets.argmax(axis=1) == 7
        assert mine.sum() == round(recipe.batch * batches.EXTRA_SHARE)
        assert len(np.unique(images[mine], axis=0)) == mine.sum()


# A run


@pytest.fixture(scope="module")
def run(mnist_slice: mnist.Mnist, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Folder of a run that teaches robust to read sevens as ones, since that person writes ones so, and its command."""
    folder = tmp_path_factory.mktemp("extra")
    path = save(folder / "my.npz", digits(40), digits(10, seed=1), label=1)
    command = ["--extra", str(path), "--limit", "60", "--drawings", "0", "--epochs", "30"]
    command += ["--out", str(folder / "models"), "--work", str(folder / "work")]
    assert main(command) == 0
    return folder, command


def card(run: tuple[Path, list[str]]) -> dict:
    return json.loads((run[0] / "models/robust/card.json").read_text())


def test_the_network_learns_what_it_is_shown_and_is_measured_on_what_was_held_back(run) -> None:
    retrained = card(run)["retrained"]
    assert retrained["pictures"] <= 40
    assert retrained["before"]["n"] == retrained["after"]["n"] == 10
    assert retrained["before"]["accuracy"] == 0
    assert retrained["after"]["accuracy"] > 0.5


def test_the_model_that_shipped_is_where_it_was(run) -> None:
    assert card(run)["retrained"]["start"] == shipped()["version"] != card(run)["version"]


def test_the_same_command_goes_on_and_tells_the_same(run, capsys) -> None:
    before = card(run)
    assert main(run[1]) == 0
    assert card(run)["retrained"] == before["retrained"]
    assert card(run)["history"] == before["history"]
    said = capsys.readouterr().out
    assert "your digits held back from training: before 0.00 % of 10" in said
    assert f"MNIST test: before {100 * shipped()['accuracy']['MNIST test']['accuracy']:.2f} %" in said


def test_other_digits_do_not_go_on_from_a_foreign_checkpoint(run, tmp_path: Path, capsys) -> None:
    other = save(tmp_path / "other.npz", digits(5, 2), digits(5, 3))
    assert main(["--extra", str(other), *run[1][2:]]) == 1
    assert "pass --fresh" in capsys.readouterr().err
