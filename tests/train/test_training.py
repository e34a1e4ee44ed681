"""A real short run: it learns, resumes, exports, and what it exports computes what Keras computes."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import ExifTags, Image

from tests.full_disk import no_file_larger_than
from tests.live import until
from tests.pictures import encode, seven
from train import TEACHERS, batches, evaluate, export, fit, mnist, networks, pipeline, synthesis
from train.__main__ import main
from train.errors import DataError, ExportError
from train.mnist import Split
from train.networks import RECIPES
from train.normalizing import Normalizing

RUN = ["--network", "robust", "--limit", "2500", "--drawings", "4000", "--seed", "3"]


@pytest.fixture(scope="module")
def run(mnist_slice: mnist.Mnist, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a short run of `python -m train`: models/ and work/."""
    folder = tmp_path_factory.mktemp("run")
    arguments = [*RUN, "--epochs", "6", "--out", str(folder / "models"), "--work", str(folder / "work")]
    assert main(arguments) == 0
    return folder


def card_of(run: Path) -> dict:
    return json.loads((run / "models/robust/card.json").read_text())


def test_a_short_run_learns(run: Path) -> None:
    assert card_of(run)["accuracy"]["MNIST test"]["accuracy"] > 0.85
    assert card_of(run)["accuracy"]["penmanship"]["accuracy"] > 0.6
    assert list((run / "work/robust/tensorboard").rglob("events.*"))


def test_the_card_tells_how_the_model_was_made(run: Path) -> None:
    card = card_of(run)
    assert card["training"]["seed"] == 3
    assert card["training"]["epochs"] == len(card["history"]) == 6
    assert set(card["training"]["versions"]) == {"python", *pipeline.VERSIONS}
    for part, split in mnist.load()._asdict().items():
        assert card["training"]["data"][f"MNIST {part}"] == split.digest()
    assert card["parameters"] == sum(layer["parameters"] for layer in card["layers"])
    for folder, files in ((run / "models/robust", card["files"]), (TEACHERS, card["training"]["teachers"])):
        assert len(files) > 1
        for name, sha256 in files.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256


def test_every_layer_that_computes_has_its_node_in_the_graph(run: Path) -> None:
    graph = json.loads((run / "models/robust/model.json").read_text())
    nodes = {node["name"] for node in graph["modelTopology"]["node"]}
    for layer in card_of(run)["layers"]:
        assert (layer["node"] is None) == (layer["class"] == "Dropout")
        assert layer["node"] is None or layer["node"] in nodes


def test_the_same_command_goes_on_where_it_stopped(run: Path) -> None:
    history = card_of(run)["history"]
    settings = fit.Settings("robust", seed=3, epochs=7, limit=2500, drawings=4000)
    _, longer = fit.fit(RECIPES["robust"], settings, mnist.load(), run / "work")
    assert [record["epoch"] for record in longer] == list(range(1, 8))
    assert longer[:6] == history


def test_other_settings_do_not_go_on_from_a_foreign_checkpoint(run: Path, capsys: pytest.CaptureFixture) -> None:
    out = run / "other"
    assert main([*RUN, "--seed", "4", "--out", str(out), "--work", str(run / "work")]) == 1
    assert "seed 3 is now 4" in capsys.readouterr().err
    assert not out.exists()


def test_an_unknown_model_is_named(capsys: pytest.CaptureFixture) -> None:
    assert main(["evaluate", "--model", "clever"]) == 1
    assert "no model 'clever'" in capsys.readouterr().err


def test_a_folder_without_models_is_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["evaluate", "--models", str(tmp_path)]) == 1
    assert f"{tmp_path} has no models" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--drawings", "-1"], "must not be negative"),
        (["--limit", "0"], "must be 1 or more"),
        (["--drawn", "nowhere"], "nowhere is no folder with index.csv"),
        (["evaluate", "--html", "nowhere/report.html"], "is a folder, or in none"),
        (["penmanship", "."], "is a folder, or in none"),
    ],
)
def test_what_cannot_be_used_is_told_before_the_work(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--network", "robust"], "Give the same command again to go on from the last finished epoch."),
        (["ablate", "--fresh"], "Give the same command again without --fresh to go on from the last finished epoch."),
        (["evaluate"], "Stopped.\n"),
    ],
)
def test_what_is_interrupted_says_how_to_go_on(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for work in ("produce", "ablate", "report"):
        monkeypatch.setattr(pipeline, work, interrupted)
    assert main(arguments) == 130
    assert capsys.readouterr().err.endswith(words + "\n" * (not words.endswith("\n")))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups that take signals")
@pytest.mark.usefixtures("mnist_slice")
def test_ctrl_c_while_digits_are_drawn_is_a_sentence_of_one_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "train", "--network", "robust", "--limit", "100", "--work", str(tmp_path)]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:

        def drawing() -> bool:
            below = psutil.Process(process.pid).children()
            return any(child.cpu_times().user > 3 for child in below) and any(tmp_path.rglob("*.npz"))

        until(drawing, 120)
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in told
    assert told.endswith(b"Give the same command again to go on from the last finished epoch.\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_what_cannot_be_written_is_a_sentence_and_not_a_trace(capsys: pytest.CaptureFixture) -> None:
    assert main(["penmanship", "/dev/full"]) == 1
    assert "No space left" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ("", "names no pictures"),
        ("file,label\n", "names no pictures"),
        ("file,label\n7.png,10\n", "the label 10 is no digit"),
        ("file,label\n7.png,seven\n", "invalid literal"),
        ("file,label\n7.png\n", "needs index.csv with file,label"),
        ("file,label\n8.png,8\n", "No such file"),
        ("name,digit\n7.png,7\n", "'file'"),
    ],
)
def test_a_set_of_drawings_that_cannot_be_used_says_why(tmp_path: Path, index: str, words: str) -> None:
    (tmp_path / "7.png").write_bytes(encode(seven()))
    (tmp_path / "index.csv").write_text(index)
    with pytest.raises(DataError, match=words):
        list(evaluate.read_drawn(tmp_path))


def test_a_drawing_is_read_as_any_program_shows_it(tmp_path: Path) -> None:
    picture = seven()
    orientation = Image.Exif()
    orientation[ExifTags.Base.Orientation] = 6  # to be turned clockwise
    files = {
        "8": encode(picture),
        "16": encode(picture.astype(np.uint16) * 257),
        "turned": encode(np.rot90(picture), exif=orientation),
        "light on nothing": encode(np.stack([np.full_like(picture, 255)] * 3 + [picture], axis=-1)),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    index = "file,label\n" + "".join(f"{name},7\n" for name in files)
    (tmp_path / "index.csv").write_text(index, encoding="utf-8-sig")  # as Excel writes it
    for [read], [label] in evaluate.read_drawn(tmp_path):
        np.testing.assert_array_equal(read, picture)
        assert label == 7


@pytest.mark.parametrize("damage", ["cut", "crossed"])
def test_a_damaged_drawing_is_a_sentence_and_not_a_trace(tmp_path: Path, damage: str) -> None:
    whole = encode(seven())
    (tmp_path / "7.png").write_bytes({"cut": whole[: len(whole) // 2], "crossed": whole[:40] + whole[50:]}[damage])
    (tmp_path / "index.csv").write_text("file,label\n7.png,7\n")
    with pytest.raises(DataError, match="no set of drawn digits"):
        list(evaluate.read_drawn(tmp_path))


def test_a_trial_of_the_evaluation_takes_so_many_pictures_of_each_set(tmp_path: Path) -> None:
    encoded = encode(seven())
    (tmp_path / "7.png").write_bytes(encoded)
    (tmp_path / "index.csv").write_text("file,label\n" + "7.png,7\n" * 20)
    for labelled in evaluate.every_set(tmp_path, 12):
        assert sum(len(labels) for _, labels in labelled.chunks()) == 12, labelled.name


def test_a_trial_of_the_evaluation_leaves_the_card(run: Path, capsys: pytest.CaptureFixture) -> None:
    card = run / "models/robust/card.json"
    before = card.read_text()
    report = run / "report.html"
    assert main(["evaluate", "--models", str(run / "models"), "--limit", "20", "--html", str(report)]) == 0
    told = capsys.readouterr().out
    for figure in ("penmanship", "coverage, MNIST test", "doodles, not sure", "blank, not sure"):
        assert figure in told
    assert card.read_text() == before
    page = report.read_text()
    assert page.count("Learning curve") == 1
    for part in ("<summary>MNIST, noisy", "Confusion matrix", "recall", 'alt="Calibration curve"', "<figcaption>"):
        assert part in page
    assert page.count("data:image/png;base64,") > page.count("<details")


def test_without_a_name_both_networks_are_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = []
    monkeypatch.setattr(pipeline, "produce", lambda recipe, options: trained.append(recipe.name))
    assert main([]) == 0
    assert sorted(trained) == ["classic", "robust"]


def test_a_card_keeps_the_figures_of_sets_that_are_not_measured_now(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("{}")
    for sets in ({"MNIST test": 0.5, "drawn by people": 0.6}, {"MNIST test": 0.7}):
        figures = {name: {"accuracy": share, "low": 0, "high": 1, "n": 9} for name, share in sets.items()}
        evaluate.into_card(tmp_path, {"sets": figures, "mistakes": {}})
    card = json.loads((tmp_path / "card.json").read_text())
    for told in (card["accuracy"], card["evaluation"]["sets"]):
        assert {name: each["accuracy"] for name, each in told.items()} == {"MNIST test": 0.7, "drawn by people": 0.6}


# Ablation


def test_the_ablation_asks_for_the_model_before_it_trains(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["ablate", "--out", str(tmp_path), "--work", str(tmp_path)]) == 1
    assert "no model 'robust'" in capsys.readouterr().err


def test_the_ablation_adds_one_ingredient_at_a_time_and_goes_into_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []

    def produce(recipe: networks.Recipe, options: Namespace) -> Path:
        steps.append([recipe.front is Normalizing, recipe.distorted, recipe.drawn, recipe.taught])
        accuracy = 0.9 + 0.01 * len(steps)
        folder = options.out / recipe.name
        folder.mkdir(parents=True)
        evaluation = {"sets": {"MNIST test": {"accuracy": accuracy}}, "perturbed": {"mean": 0.5}}
        (folder / "card.json").write_text(json.dumps({"evaluation": evaluation}))
        return folder

    monkeypatch.setattr(pipeline, "produce", produce)
    monkeypatch.setattr(pipeline.evaluate, "table", lambda results: "")
    path = tmp_path / "models/robust/card.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"name": "robust"}')
    folders = ["--out", str(tmp_path / "models"), "--work", str(tmp_path / "work")]
    assert main(["ablate", "--epochs", "2", *folders]) == 0
    card = json.loads(path.read_text())
    assert card["name"] == "robust"
    assert card["ablation"]["epochs"] == 2
    assert steps == [[True] * so_far + [False] * (4 - so_far) for so_far in range(5)]
    assert [step["MNIST test"] for step in card["ablation"]["steps"].values()] == pytest.approx(
        [0.91, 0.92, 0.93, 0.94, 0.95]
    )


def test_a_worker_that_is_not_the_chief_leaves_the_card_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline.distribution, "rank", lambda: 1)
    trained = []
    monkeypatch.setattr(pipeline, "produce", lambda recipe, options: trained.append(recipe.name) or options.out)
    path = tmp_path / "models/robust/card.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    assert main(["ablate", "--out", str(tmp_path / "models"), "--work", str(tmp_path)]) == 0
    assert len(trained) == 5
    assert path.read_text() == "{}"


# Without dropout


def test_what_was_retrained_is_not_trained_again_without_dropout(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "robust/card.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"training": {"extra": "0123abcd"}}))
    assert main(["without-dropout", "--network", "robust", "--out", str(tmp_path), "--work", str(tmp_path)]) == 1
    assert "was retrained with a person's own digits" in capsys.readouterr().err


def test_the_history_without_dropout_comes_beside_the_other(mnist_slice: mnist.Mnist, tmp_path: Path) -> None:
    card = {
        "training": {"seed": 1, "limit": 300, "drawings": 0, "precision": "float32", "epochs": 2},
        "history": ["as it was"],
    }
    path = tmp_path / "models/classic/card.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(card))
    assert main(["without-dropout", "--out", str(tmp_path / "models"), "--work", str(tmp_path / "work")]) == 0
    after = json.loads(path.read_text())
    history = after.pop("history_without_dropout")
    assert after == card
    assert [record["epoch"] for record in history] == [1, 2]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(history[0])


def test_without_dropout_training_computes_what_use_computes() -> None:
    images = np.random.default_rng(0).random((4, 28, 28, 1)).astype(np.float32)
    network = networks.classic()
    assert np.abs(network(images, training=True) - network(images)).max() > 1e-3
    networks.without_dropout(network)
    np.testing.assert_array_equal(network(images, training=True), network(images))


def test_a_model_that_is_not_there_cannot_be_trained_again(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["without-dropout", "--network", "robust", "--out", str(tmp_path)]) == 1
    assert "no model 'robust'" in capsys.readouterr().err


# Export


@pytest.fixture
def untrained() -> tuple:
    network = networks.robust(normalised=False)
    export.round_weights(network)
    return RECIPES["robust"], network


@contextmanager
def old_model(tmp_path: Path) -> Iterator[Path]:
    """The folder of a model that is there afterwards too, and nothing beside it."""
    folder = tmp_path / "models" / "robust"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("old")
    yield folder
    files = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*") if path.is_file()}
    assert {name: path.read_text() for name, path in files.items()} == {"models/robust/card.json": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_a_refused_export_leaves_the_old_model_alone(
    untrained: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "FLOAT_TOLERANCE", 0.0)
    with old_model(tmp_path) as folder, pytest.raises(ExportError, match="differ"), export.replacing(folder) as new:
        export.export(*untrained, {}, new)


def test_an_interrupt_between_two_renames_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        if target.parent.name == "models" and (path / "card.json").read_text() == "new":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with old_model(tmp_path) as folder, pytest.raises(KeyboardInterrupt), export.replacing(folder) as new:
        (new / "card.json").write_text("new")


def test_a_model_for_which_there_is_no_room_is_a_sentence_and_not_a_trace(untrained: tuple, tmp_path: Path) -> None:
    with (
        old_model(tmp_path) as folder,
        no_file_larger_than(50_000),
        pytest.raises(ExportError, match="Free some disk space"),
        export.replacing(folder) as new,
    ):
        export.export(*untrained, {}, new)


@pytest.mark.parametrize(
    ("card", "told"),
    [
        (None, ""),
        ("no JSON", ""),
        ("{}", ""),
        ('{"ablation": {}}', "`python -m train ablate`."),
        (
            '{"ablation": {}, "history_without_dropout": []}',
            "`python -m train ablate` and `python -m train without-dropout --network robust`.",
        ),
    ],
)
def test_what_a_new_card_no_longer_holds_is_told(tmp_path: Path, card: str | None, told: str) -> None:
    if card is not None:
        (tmp_path / "robust").mkdir()
        (tmp_path / "robust/card.json").write_text(card)
    lost = pipeline._lost(tmp_path / "robust")
    assert lost.endswith(told)
    assert bool(lost) == bool(told)


def test_rounding_leaves_256_values_to_a_tensor(untrained: tuple) -> None:
    _, network = untrained
    for weight in network.weights:
        assert len(np.unique(weight.numpy())) <= 256


def test_the_temperature_divides_the_logits() -> None:
    network = networks.robust(normalised=False)
    images = np.random.default_rng(0).random((4, 28, 28, 1)).astype(np.float32)
    before = network(images).numpy()
    export.apply_temperature(network, 1.7)
    np.testing.assert_allclose(network(images), before / 1.7, atol=1e-5)


# Batches


def few(count: int = 100) -> Split:
    rng = np.random.default_rng(0)
    return Split(rng.integers(0, 256, (count, 28, 28)).astype(np.uint8), (np.arange(count) % 10).astype(np.uint8))


@pytest.mark.parametrize("total", [100, 109])
def test_an_epoch_takes_no_picture_twice_and_misses_less_than_a_batch(total: int) -> None:
    for epoch in (0, 1):
        seen = [i for step in range(10) for i in batches._shuffled(np.int64(epoch * 10 + step), 10, total, 7).numpy()]
        assert len(set(seen)) == len(seen) == 100
        assert set(seen) <= set(range(total))


def test_a_batch_depends_on_its_number_alone() -> None:
    recipe = RECIPES["robust"]
    [later] = batches.training_batches(recipe, few(), few(50), 1, range(5, 6)).as_numpy_iterator()
    *_, same = batches.training_batches(recipe, few(), few(50), 1, range(6)).as_numpy_iterator()
    np.testing.assert_array_equal(later[0], same[0])
    np.testing.assert_array_equal(later[1], same[1])
    assert later[0].shape == (recipe.batch, 28, 28, 1)


def test_targets_are_smoothed_and_a_doodle_asks_for_ten_equal_probabilities() -> None:
    rows = batches.targets(np.array([3, synthesis.NO_DIGIT]), 0.1).numpy()
    assert rows[0, 3] == pytest.approx(0.91)
    np.testing.assert_allclose(rows[1], np.full(10, 0.1), atol=1e-6)
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, atol=1e-6)


def test_blocks_of_drawings_resume_and_are_the_same_in_any_order(tmp_path: Path) -> None:
    first = synthesis.normalized_set(4000, 5, tmp_path)
    [kept] = tmp_path.glob("*/seed5-*0001.npz")
    kept.unlink()
    again = synthesis.normalized_set(4000, 5, tmp_path)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])


def test_sets_with_other_shares_of_doodles_are_kept_apart(tmp_path: Path) -> None:
    _, digits = synthesis.normalized_set(50, 5, tmp_path)
    _, mixed = synthesis.normalized_set(50, 5, tmp_path, doodles=0.5)
    assert (digits != synthesis.NO_DIGIT).all()
    assert (mixed == synthesis.NO_DIGIT).any()
