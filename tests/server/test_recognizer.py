import base64
import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from server import recognizer
from server.recognizer import ModelError, Recognizer
from server.settings import Settings
from tests.pictures import seven

MODELS = Settings.from_environment().models
NAMES = [path.parent.name for path in sorted(MODELS.glob("*/card.json"))]


def golden_picture(golden: dict) -> np.ndarray:
    """The greys [h, w] of one of a card's golden vectors."""
    pixels = np.frombuffer(base64.b64decode(golden["pixels"]), np.uint8)
    return pixels.reshape(golden["height"], golden["width"])


@pytest.fixture(scope="module")
def robust() -> Recognizer:
    return Recognizer(MODELS / "robust")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the models, to be damaged."""
    return shutil.copytree(MODELS, tmp_path / "models")


def change_card(path: Path, **changed: object) -> None:
    """Replace entries of a model's card."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def test_both_networks_ship():
    assert NAMES == ["classic", "robust"]


@pytest.mark.parametrize("name", NAMES)
def test_a_network_answers_as_at_its_export(name):
    model = Recognizer(MODELS / name)
    assert model.card["golden"]
    for golden in model.card["golden"]:
        answer = model.recognize(golden_picture(golden))
        np.testing.assert_allclose(
            answer.probabilities, golden["probabilities"], rtol=0, atol=model.card["golden_tolerance"]
        )
        assert (answer.ink > 0) == (golden["ink"] > 0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (28, 28), (280, 280), (1024, 700)])
def test_pictures_of_any_size_give_ten_probabilities(robust, shape):
    height, width = shape
    answer = robust.recognize(np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8))
    assert answer.probabilities.shape == (10,)
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-3)
    assert answer.normalized.shape == (28, 28)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_nothing_is_read_where_nothing_is_drawn(robust, grey):
    answer = robust.recognize(np.full((280, 280), grey, np.uint8))
    assert answer.digit is None
    assert np.isfinite(answer.probabilities).all()


def test_a_network_answers_the_same_after_a_picture_of_another_size(robust):
    first = robust.recognize(seven()).probabilities
    robust.recognize(seven(600, 900))
    np.testing.assert_array_equal(robust.recognize(seven()).probabilities, first)


def test_threads_do_not_disturb_each_other(robust):
    pictures = [seven(40 + 7 * i, 60 + 5 * i) for i in range(24)]
    alone = [robust.recognize(picture).probabilities for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda picture: robust.recognize(picture).probabilities, pictures * 5))
    np.testing.assert_array_equal(together, alone * 5)


def test_a_thread_that_comes_later_takes_the_interpreter_that_is_idle(robust, monkeypatch):
    robust.recognize(seven())
    monkeypatch.delattr(recognizer, "Interpreter")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(robust.recognize, seven()).result().digit == 7


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ["the card", "the folder"])
def test_a_missing_card_stops_the_start(folder, name, how):
    if how == "the card":
        (folder / name / "card.json").unlink()
    else:
        shutil.rmtree(folder / name)
    with pytest.raises(ModelError, match=rf"{name}/card.json cannot be read.*make train"):
        recognizer.load(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"name": "robust"}', '{"files": 3}'])
def test_a_damaged_card_stops_the_start(folder, content):
    (folder / "robust/card.json").write_text(content)
    with pytest.raises(ModelError, match=r"robust/card.json is not a complete model card"):
        recognizer.load(folder)


def test_a_network_in_the_folder_of_another_stops_the_start(folder):
    shutil.rmtree(folder / "robust")
    shutil.copytree(folder / "classic", folder / "robust")
    with pytest.raises(ModelError, match="robust holds the network 'classic'"):
        recognizer.load(folder)


@pytest.mark.parametrize("name", ["model.json", "group1-shard1of1.bin", "model.tflite"])
def test_every_missing_or_damaged_file_stops_the_start_by_name(folder, name):
    path = folder / "robust" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"{name} is damaged"):
        recognizer.load(folder)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=f"{name} is damaged"):
        recognizer.load(folder)
    path.unlink()
    with pytest.raises(ModelError, match=f"{name} cannot be read"):
        recognizer.load(folder)


def test_a_file_that_is_no_model_stops_the_start_even_with_its_hash_in_the_card(folder):
    path = folder / "robust/model.tflite"
    path.write_bytes(b"no model")
    card = folder / "robust/card.json"
    files = json.loads(card.read_text())["files"] | {path.name: hashlib.sha256(b"no model").hexdigest()}
    change_card(card, files=files)
    with pytest.raises(ModelError, match=r"model.tflite cannot be run"):
        recognizer.load(folder)


@pytest.mark.parametrize("wrong", [0.5, float("nan")])
def test_a_network_that_gives_other_answers_stops_the_start(folder, wrong):
    card = folder / "robust/card.json"
    golden = json.loads(card.read_text())["golden"]
    golden[-1]["probabilities"] = [wrong] * 10
    change_card(card, golden=golden)
    with pytest.raises(ModelError, match="gives other answers than when it was exported"):
        recognizer.load(folder)
