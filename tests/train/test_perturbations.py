"""Perturbed MNIST: named, seeded, and what it says it is."""

import numpy as np
import pytest
from PIL import Image

from train.penmanship import Tool, draw, write
from train.perturbations import PERTURBATIONS, perturb


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """Drawn stand-ins for MNIST, uint8 [20, 28, 28], light on dark."""
    rng = np.random.default_rng(4)
    inks = [draw(write(k % 10, rng, care=1.0), Tool("pen", 0.1), 28, rng) for k in range(20)]
    return np.round(255 * np.stack(inks)).astype(np.uint8)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_perturbation_changes_pictures_in_the_same_way_each_time(name: str, digits: np.ndarray) -> None:
    once = perturb(name, digits)
    assert once.dtype == np.uint8
    assert len(once) == len(digits)
    if once.shape == digits.shape:
        assert (once != digits).any()
    np.testing.assert_array_equal(once, perturb(name, digits))


def moments(pictures: np.ndarray) -> np.ndarray:
    """Of each picture the ink's middle (y, x), and how far it leans: pixels across for each pixel down."""
    found = []
    for ink in pictures.astype(float):
        y, x = np.mgrid[: ink.shape[0], : ink.shape[1]]
        middle = [(ink * at).sum() / ink.sum() for at in (y, x)]
        down, across = y - middle[0], x - middle[1]
        found.append([*middle, (ink * down * across).sum() / (ink * down * down).sum()])
    return np.array(found)


@pytest.fixture(scope="module")
def bars() -> np.ndarray:
    """Upright bars, uint8 [50, 28, 28]."""
    bars = np.zeros((50, 28, 28), np.uint8)
    bars[:, 6:22, 13:15] = 255
    return bars


def test_what_is_shifted_is_elsewhere_and_upright(bars: np.ndarray) -> None:
    y, x, lean = moments(perturb("shifted", bars)).T
    assert min(y.std(), x.std()) > 3
    assert abs(lean).max() < 0.01


@pytest.mark.parametrize(("name", "most"), [("rotated", np.tan(np.radians(20))), ("sheared", 0.35)])
def test_what_is_turned_or_sheared_leans_either_way_and_not_too_far(name: str, most: float, bars: np.ndarray) -> None:
    y, x, lean = moments(perturb(name, bars)).T
    assert 0.7 * most < lean.max() < 1.05 * most
    assert 0.7 * most < -lean.min() < 1.05 * most
    assert max(y.std(), x.std()) < 0.3  # about its middle


def test_jpeg_leaves_its_traces_beside_the_ink(digits: np.ndarray) -> None:
    resized = np.stack(
        [np.asarray(Image.fromarray(digit).resize((56, 56), Image.Resampling.BICUBIC)) for digit in digits]
    )
    traces = abs(perturb("JPEG", digits).astype(int) - resized)
    assert (traces[resized == 0] > 0).mean() > 0.02
    assert traces.mean() < 10


def test_sizes_are_what_their_names_say(digits: np.ndarray) -> None:
    assert perturb("20 px", digits).shape[1:] == (20, 20)
    assert perturb("600 px", digits).shape[1:] == (600, 600)


@pytest.mark.parametrize(("name", "factor"), [("half size", 0.5), ("double size", 2.0)])
def test_scaling_scales_the_ink_box(name: str, factor: float, digits: np.ndarray) -> None:
    def height(picture: np.ndarray) -> int:
        return int(np.ptp(np.nonzero(picture.max(axis=1) > 100)[0])) + 1

    before = np.mean([height(d) for d in digits])
    after = np.mean([height(d) for d in perturb(name, digits)])
    assert after / before == pytest.approx(factor, rel=0.1)


def test_squared_paper_has_lines_fainter_than_the_ink(digits: np.ndarray) -> None:
    for sheet in perturb("squared paper", digits):
        for across in (sheet, sheet.T):
            assert (across.max(axis=1) < 240).sum() >= 3, "lines go from side to side"
        assert sheet.max() == 245
        assert sheet.min() < 130


def test_what_shines_through_is_fainter_than_the_ink(digits: np.ndarray) -> None:
    for sheet in perturb("shining through", digits):
        ink = 245.0 - sheet
        faint = (ink > 10) & (ink < 0.35 * ink.max())
        assert faint.sum() > 0.3 * (ink > 0.6 * ink.max()).sum()


def test_stroke_changes_go_the_right_way(digits: np.ndarray) -> None:
    assert perturb("thicker", digits).mean() > 1.2 * digits.mean()
    assert perturb("thinner", digits).mean() < 0.9 * digits.mean()
