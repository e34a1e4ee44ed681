"""The comparison's numbers, against arithmetic by hand and drawings whose traits are known."""

import base64
import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from server.comparison import ABLATION, AHEAD_BYTES, PREVIEW, Comparer, mnist, reasons
from server.comparison.figures import Figures, wilson
from server.comparison.mnist import Loading, Mnist, download
from server.comparison.rows import of_event
from server.comparison.shape import box_centred, measure
from server.comparison.summary import summarized
from server.pictures import File, Picture, Skipped
from server.problems import PictureUnreadable
from tests.pictures import encode, seven


def bar(width: int, degrees: float = 0, size: int = 280) -> np.ndarray:
    """One upright bar of ink as [1, 28, 28], so many pixels of 28 wide, leaning to the right."""
    y, x = np.mgrid[:size, :size] + 0.5 - size / 2
    x = x + y * np.tan(np.radians(degrees))
    ink = ((np.abs(x) < width * 5) & (np.abs(y) < size * 10 / 28)).astype(np.float32)
    return ink.reshape(28, 10, 28, 10).mean(axis=(1, 3))[np.newaxis]


# Figures


def test_the_interval_is_wilsons():
    # Newcombe 1998, table I: 81 of 263 and 15 of 148.
    assert wilson(81, 263) == pytest.approx((81 / 263, 0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((15 / 148, 0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 0) is None
    assert wilson(5, 5).high == 1


def test_figures_count_by_true_digit_and_digit_read():
    figures = Figures()
    for label, digit in [(7, 7), (7, 1), (7, None), (0, 0)]:
        figures.add(label, digit)
    found = figures.as_json()
    assert found["n"] == 4
    assert found["accuracy"]["share"] == 0.5
    assert found["recall"][7] == pytest.approx(1 / 3)
    assert found["recall"][1] is None
    assert found["confusion"][7] == [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1]


# How a digit is drawn


@pytest.mark.parametrize("width", [2, 3, 4, 6])
def test_the_stroke_is_as_wide_as_it_was_drawn(width):
    ink = bar(width)
    # A bar of 20 pixels has two ends, which count as edges too.
    assert measure(ink, ink).stroke[0] == pytest.approx(width * 20 / (width + 20), rel=0.05)


@pytest.mark.parametrize("degrees", [-30, -10, 0, 20])
def test_the_slant_is_as_it_was_drawn(degrees):
    ink = bar(3, degrees)
    assert measure(ink, ink).slant[0] == pytest.approx(degrees, abs=1.5)


def test_size_and_offset_are_shares_of_the_whole_picture():
    whole = np.zeros((1, 28, 28), np.float32)
    whole[0, 0:7, 0:7] = 1
    shape = measure(whole, whole)
    assert shape.size[0] == 7 / 28
    assert shape.offset[0] == pytest.approx(np.hypot(10.5, 10.5) / 28)


@pytest.mark.parametrize("paper", [255, 230, 200, 150])
def test_a_picture_is_measured_alike_on_paper_of_any_grey(comparer, paper):
    white = np.full((280, 280), 255, np.uint8)
    white[20:120, 30:130] = seven(100, 100)
    grey = np.round(white * (paper / 255)).astype(np.uint8)
    for picture in (grey, 255 - grey):
        shape = comparer.judge(Picture("7/a.png", picture)).shape
        np.testing.assert_allclose(
            np.concatenate(shape), np.concatenate(comparer.judge(Picture("7", white)).shape), atol=0.02
        )


def test_coverage_is_the_share_that_was_taken_for_ink_and_large_where_the_polarity_was_mistaken(comparer, bars):
    assert measure(bar(7), bar(7)).coverage[0] == pytest.approx(7 * 20 / 28**2, rel=0.01)
    fat = np.full((100, 100), 255, np.uint8)
    fat[:40], fat[:, 60:] = 0, 0  # a seven that covers more than its ground, which is then taken for the ink
    result = comparer.judge(Picture("7/a.png", fat))
    assert result.shape.coverage[0] == pytest.approx(0.6 * 0.6, abs=0.01)
    [reason] = reasons.find({"coverage": bars.percentiles(result.shape)["coverage"]})
    assert "ground was taken for the ink" in reason.text


def test_a_blank_picture_has_measures_too():
    blank = np.zeros((1, 28, 28), np.float32)
    assert np.isfinite(np.concatenate(measure(blank, blank))).all()


def test_a_digit_is_moved_by_the_box_of_its_ink():
    ink = np.zeros((28, 28), np.float32)
    ink[2:22, 3:7] = 1
    rows, columns = np.nonzero(box_centred(ink))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (4, 23, 12, 15)


# MNIST


@pytest.fixture(scope="module")
def bars() -> Mnist:
    """A hundred bars as ones, of widths 1 to 5 and slants -24 to 23, and one black square as a zero."""
    ink = np.concatenate([bar(1 + k % 5, (k * 7) % 48 - 24) for k in range(100)] + [np.ones((1, 28, 28), np.float32)])
    return Mnist((ink * 255).astype(np.uint8), np.array([1] * 100 + [0], np.uint8))


def test_percentiles_are_shares_of_mnists_digits(bars):
    strokes = [bars.percentiles(measure(bar(width), bar(width)))["stroke"] for width in (1, 3, 8)]
    assert strokes == sorted(strokes)
    assert strokes[-1] == pytest.approx(99, abs=1)  # all but the black square
    assert bars.percentiles(measure(bar(3, 45), bar(3, 45)))["slant"] > 95


def test_the_nearest_example_of_a_digit_is_the_same_drawing(bars):
    nearest = bars.nearest(bar(3, 16)[0], 1, 2)
    assert nearest.shape == (2, 28, 28)
    distances = np.abs(nearest / 255 - bar(3, 16)).sum(axis=(1, 2))
    assert distances[0] <= distances[1]
    assert np.abs(nearest[0] / 255 - bar(3, 16)[0]).mean() < 0.05


def npz(path: Path) -> Path:
    """MNIST in Keras's form, of one bar to learn from and one seven to test on."""
    train = {"x_train": (bar(3) * 255).astype(np.uint8), "y_train": np.array([1], np.uint8)}
    test = {"x_test": 255 - seven(28, 28)[np.newaxis], "y_test": np.array([7], np.uint8)}
    np.savez(path, **train, **test)
    return path


def test_mnist_loads_in_the_background_from_the_file_that_is_named(tmp_path):
    loading = Loading({}, {"MNIST_NPZ": str(npz(tmp_path / "mnist.npz"))})
    assert loading.get() is None  # nobody asked for it yet
    loading.start()
    assert loading.get() is loading.get() is not None


@pytest.mark.parametrize("content", [None, b"", b"PK\3\4 damaged"])
def test_a_missing_or_damaged_file_is_done_without_and_read_once_it_is_there(tmp_path, content, caplog):
    path = tmp_path / "mnist.npz"
    if content is not None:
        path.write_bytes(content)
    loading = Loading({}, {"MNIST_NPZ": str(path)})
    caplog.set_level("INFO")
    for _ in range(2):
        loading.start()
        assert not loading.wait(30)
        assert loading.get() is None
    assert caplog.text.count("without MNIST") == 1
    npz(path)
    loading.start()
    assert loading.wait(30)


def test_nobody_waits_for_a_download(tmp_path, monkeypatch):
    arrived = threading.Event()

    def slow(_url: str, path: Path) -> None:
        assert arrived.wait(60)
        path.parent.mkdir(parents=True)
        npz(path)

    monkeypatch.setattr(mnist, "download", slow)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    loading = Loading({}, {})
    assert loading.must_download
    loading.start()
    assert loading.get() is None
    arrived.set()
    assert loading.wait(30)
    assert loading.get() is not None


def test_a_network_is_measured_on_the_test_set_where_its_card_does_not_tell(app, tmp_path, monkeypatch):
    recognizers = app.extensions["recognizers"]
    monkeypatch.delitem(recognizers["classic"].card, "evaluation")
    loading = Loading(recognizers, {"MNIST_NPZ": str(npz(tmp_path / "mnist.npz"))})
    assert loading.figures("classic") is None
    loading.start()
    loading._thread.join()
    assert loading.figures("robust")["n"] == 10_000
    assert loading.figures("classic")["n"] == 1
    assert loading.figures("classic")["recall"][7] == 1


def test_a_download_is_kept_only_where_it_is_the_right_file(tmp_path):
    source, target = tmp_path / "source", tmp_path / "cache/mnist.npz"
    source.write_bytes(b"seven")
    with pytest.raises(OSError, match="not the file"):
        download(source.as_uri(), target)
    assert not target.parent.exists()
    download(source.as_uri(), target, hashlib.sha256(b"seven").hexdigest())
    assert target.read_bytes() == b"seven"


def test_a_download_that_finds_no_room_leaves_nothing(tmp_path, monkeypatch):
    def full(path: Path, data: bytes) -> None:
        path.open("wb").write(data[:2])
        raise OSError("No space left on device")

    (tmp_path / "source").write_bytes(b"seven")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        download((tmp_path / "source").as_uri(), tmp_path / "mnist.npz", hashlib.sha256(b"seven").hexdigest())
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


# Reasons


def test_reasons_name_what_is_unusual_the_most_unusual_first():
    found = reasons.find({"stroke": 0.2, "slant": 98.4, "size": 50, "offset": 0})
    assert [reason.text for reason in found] == [
        "The strokes are thinner than %(number)d%% of MNIST's.",
        "The digit leans further to the right than %(number)d%% of MNIST's.",
    ]
    assert [reason.values["number"] for reason in found] == [99, 98]


# From files to rows


@pytest.fixture(scope="module")
def comparer(app):
    return Comparer(app.extensions["reader"], app.extensions["recognizers"], lambda: None)


def test_results_come_in_the_order_of_the_files_and_a_bad_one_stops_nothing(comparer):
    good = encode(seven())
    files = [File(f"7/{k}.png", good) for k in range(30)]
    files[7] = File("7/7.png", b"no picture")
    files[9] = File("7/9.png", PictureUnreadable("a reason"))
    found = list(comparer.compare(iter(files), 2))
    assert [getattr(event, "name", None) or event.picture.name for event in found] == [file.name for file in files]
    assert [k for k, event in enumerate(found) if isinstance(event, Skipped)] == [7, 9]


def test_files_are_read_as_they_are_needed_and_not_all_at_once(comparer):
    taken = 0

    def files():
        nonlocal taken
        for k in range(1000):
            taken += 1
            yield File(f"{k}.png", encode(seven()))

    results = comparer.compare(files(), 2)
    next(results)
    assert taken < 20
    results.close()
    assert taken < 20


def test_large_files_are_not_read_ahead(comparer):
    taken = 0

    def files():
        nonlocal taken
        for k in range(20):
            taken += 1
            yield File(f"{k}.png", encode(seven()) + bytes(AHEAD_BYTES))

    results = comparer.compare(files(), 2)
    next(results)
    assert taken == 1
    results.close()


def test_results_keep_no_more_of_a_picture_than_the_report_shows(comparer):
    assert comparer.judge(Picture("7/a.png", seven(600, 800))).picture.grey.shape == (PREVIEW, PREVIEW * 600 // 800)


def test_a_seven_is_read_by_every_network_and_every_preprocessing(comparer):
    result = comparer.judge(Picture("7/a.png", seven()))
    assert result.digit == 7
    assert result.label == (7, "folder")
    assert set(result.answers) == {"robust", "classic"}
    assert set(result.ablation) == set(ABLATION)
    assert result.percentiles is None
    assert not result.suspect


def test_a_sure_answer_against_its_label_makes_the_label_suspect(comparer):
    assert comparer.judge(Picture("3/a.png", seven())).suspect


def test_nothing_drawn_is_no_digit_and_no_preprocessing_makes_it_one(comparer):
    blank = comparer.judge(Picture("7/a.png", np.full((50, 50), 255, np.uint8)))
    assert blank.digit is None
    assert set(blank.ablation.values()) == {None}


def test_the_summary_is_renewed_and_stands_last(app):
    rows = [{"summary": {"old": True}}, {"skipped": {"name": "a", "layer": None, "reason": "b"}}]
    *_, last = summarized(rows, app.extensions["recognizers"], app.extensions["mnist"].figures)
    assert last["summary"]["skipped"] == 1
    assert last["summary"]["models"]["robust"]["accuracy"] is None
    assert last["summary"]["mnist"] is True


@pytest.mark.parametrize(("picture", "mnist"), [(seven(), False), (np.full((50, 50), 255, np.uint8), True)])
def test_the_summary_says_where_mnist_was_missing(app, comparer, picture, mnist):
    with app.test_request_context():
        row = of_event(comparer.judge(Picture("7/a.png", picture)))
    *_, last = summarized([row], app.extensions["recognizers"], app.extensions["mnist"].figures)
    assert last["summary"]["mnist"] is mnist


def test_golden_pictures_are_read_as_the_card_says_by_the_path_that_files_take(app, comparer):
    card = app.extensions["recognizers"]["robust"].card
    for golden in card["golden"]:
        pixels = np.frombuffer(base64.b64decode(golden["pixels"]), np.uint8).reshape(golden["height"], golden["width"])
        file = File(f"{golden['label']}/a.png", encode(Image.fromarray(pixels)))
        [result] = comparer.compare([file], 1)
        np.testing.assert_allclose(
            result.answers["robust"].probabilities, golden["probabilities"], atol=card["golden_tolerance"]
        )
