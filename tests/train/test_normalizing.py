"""The normalising layer: whatever the picture, the network sees the same ink."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from train import normalizing
from train.normalizing import Normalizing, PlainResizing, normalize_pictures
from train.penmanship import Tool, draw, write


def seven(side: int = 120, width: float = 0.1) -> NDArray[np.float32]:
    """Ink 0..1 [side, side] of a seven."""
    rng = np.random.default_rng(5)
    return draw(write(7, rng, "plain", care=1.0), Tool("pen", width), side, rng)


def grey(ink: NDArray, paper: float = 255.0, pen: float = 0.0) -> NDArray[np.float32]:
    """A picture of ink: `paper` and `pen` are greys."""
    return (paper + (pen - paper) * ink).astype(np.float32)


def seen(picture: NDArray) -> NDArray[np.float32]:
    """What the network sees of one picture, [28, 28]."""
    return normalize_pictures(picture[np.newaxis])[0]


def ink_amount(picture: NDArray) -> float:
    return float(Normalizing()(np.float32(picture)[np.newaxis])[1][0])


SAME = 0.02
"""Mean difference of two normalized images, 0..1, that the eye does not see."""


def test_the_longer_side_becomes_20_pixels_and_the_mass_goes_to_the_middle() -> None:
    image = seen(grey(seven()))
    rows, columns = np.nonzero(image > 0.3)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(20, abs=1)
    at = np.arange(28) + 0.5
    assert (image.sum(axis=1) @ at) / image.sum() == pytest.approx(14, abs=0.2)
    assert (image.sum(axis=0) @ at) / image.sum() == pytest.approx(14, abs=0.2)


def test_polarity_does_not_matter() -> None:
    picture = grey(seven())
    np.testing.assert_allclose(seen(255 - picture), seen(picture), atol=1e-4)


@pytest.mark.parametrize(("paper", "pen"), [(255, 215), (200, 120), (30, 90), (0, 255), (128, 100)])
def test_faint_ink_on_any_ground_looks_like_black_on_white(paper: float, pen: float) -> None:
    ink = seven()
    assert np.abs(seen(grey(ink, paper, pen)) - seen(grey(ink))).mean() < SAME


@pytest.mark.parametrize("corner", [(0, 0), (0, 300), (300, 0), (123, 45)])
def test_a_small_digit_anywhere_on_a_large_canvas_looks_the_same(corner: tuple[int, int]) -> None:
    ink = seven()
    canvas = np.zeros((420, 420))
    canvas[corner[0] : corner[0] + 120, corner[1] : corner[1] + 120] = ink
    assert np.abs(seen(grey(canvas)) - seen(grey(ink))).mean() < SAME


def test_ink_that_runs_along_most_of_the_border_is_still_ink() -> None:
    bar = np.zeros((60, 40))
    bar[:12, :] = bar[:, 30:] = 1.0  # a seven cropped to its ink
    for picture in (grey(bar), 255 - grey(bar)):
        assert seen(picture)[8:12, 14:18].mean() > 0.2
        np.testing.assert_allclose(ink_amount(picture), bar.mean(), atol=0.01)


def test_a_fat_zero_cropped_to_its_ink_is_ink_and_its_corners_are_ground() -> None:
    at = np.abs(np.arange(40) - 19.5)
    radius = np.hypot(at[:, np.newaxis], at)
    ring = ((radius < 22) & (radius > 5)).astype(float)
    assert ring.mean() > 0.75
    assert ring[0].mean() > 0.3
    for picture in (grey(ring), 255 - grey(ring)):
        np.testing.assert_allclose(ink_amount(picture), ring.mean(), atol=0.01)


def test_a_frame_line_around_the_picture_is_no_ink() -> None:
    ink = seven()
    framed = ink.copy()
    framed[2:4, 2:-2] = framed[-4:-2, 2:-2] = framed[2:-2, 2:4] = framed[2:-2, -4:-2] = 1.0
    assert np.abs(seen(grey(framed)) - seen(grey(ink))).mean() < SAME


LINES = {"top": np.s_[:2], "bottom": np.s_[-2:], "left": np.s_[:, :2], "right": np.s_[:, -2:]}


@pytest.mark.parametrize("sides", ["bottom", "right", "top left", "top bottom", "top right bottom"])
def test_lines_along_some_sides_are_no_ink_where_blank_paper_parts_them_from_the_digit(sides: str) -> None:
    ink = np.pad(seven(), 20)
    lined = ink.copy()
    for side in sides.split():
        lined[LINES[side]] = 1.0
    assert np.abs(seen(grey(lined)) - seen(grey(ink))).mean() < SAME


@pytest.mark.parametrize("sides", ["left right", "top bottom", "left right bottom"])
@pytest.mark.parametrize("pen", [0.06, 0.1, 0.15])
def test_lines_close_to_a_digit_of_any_pen_do_not_turn_ground_and_ink_around(sides: str, pen: float) -> None:
    rng = np.random.default_rng(4)
    for k in range(10):
        ink = draw(write(k, rng), Tool("pen", pen), 180, rng)
        rows, columns = np.nonzero(ink > 0.2)
        lined = np.pad(ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1], 20)
        for side in sides.split():
            lined[LINES[side]] = 1.0
        for picture, light in ((grey(lined), 1), (255 - grey(lined), 0)):
            assert normalizing.find_ink(picture[np.newaxis]).light_ground == light


@pytest.mark.parametrize("side", ["top", "bottom"])
def test_a_bar_that_a_digit_hangs_on_is_its_own(side: str) -> None:
    ink = np.zeros((90, 60))
    ink[:, 30:33] = 1.0
    ink[LINES[side]] = 1.0
    assert seen(grey(ink)).sum(axis=1).max() > 5, "a row of it is the bar"


def test_a_line_with_nothing_but_a_crumb_beside_it_is_the_digit() -> None:
    ink = np.zeros((100, 100))
    ink[:, :4] = 1.0  # a 1 at the edge
    ink[50:55, 60:65] = 1.0
    image = seen(grey(ink))
    assert image[:, 12:16].sum() > 10
    assert (image.max(axis=0) > 0.3).sum() < 6, "it is as narrow as the line"


def test_specks_of_less_than_a_hundredth_of_the_ink_do_not_move_the_digit() -> None:
    ink = np.pad(seven(), 60)
    specked = ink.copy()
    specked[5:7, 5] = specked[-9:-7, 20] = 1.0
    assert specked.sum() - ink.sum() < 2 * normalizing.TRIMMED * ink.sum()
    assert np.abs(seen(grey(specked)) - seen(grey(ink))).mean() < 2 * SAME


def place(picture: NDArray) -> list[float]:
    """Where the digit is, in pixels: row and column of its middle, and its longer side."""
    vertical, horizontal = normalizing.find_window(normalizing.find_ink(np.float32(picture)[np.newaxis]))
    values = (vertical.middle, horizontal.middle, normalizing.BOX / vertical.scale)
    return [float(np.squeeze(value)) for value in values]


@pytest.mark.parametrize("line", [215, 200])
def test_lines_of_squared_paper_do_not_move_the_digit(line: float) -> None:
    ink = np.pad(seven(), 60)
    squared = grey(ink, 245, 40)
    for across in (squared, squared.T):
        across[7::30] = np.minimum(across[7::30], line)
    assert place(squared) == pytest.approx(place(grey(ink)), abs=1)


def test_what_shines_through_from_the_other_side_does_not_move_the_digit() -> None:
    ink = np.pad(seven(), 60)
    assert place(grey(np.maximum(ink, 0.3 * ink[:, ::-1]))) == pytest.approx(place(grey(ink)), abs=1)


def test_a_dark_speck_does_not_hide_faint_ink() -> None:
    ink = 0.25 * np.pad(seven(240), 20)
    specked = ink.copy()
    specked[5, 5] = 1.0
    assert place(grey(specked)) == pytest.approx(place(grey(ink)), abs=2)


def test_paper_noise_is_not_ink() -> None:
    noise = np.random.default_rng(3).normal(0, 8, (120, 120))
    ink = seven()
    assert np.abs(seen((grey(ink, 225, 40) + noise).clip(0, 255)) - seen(grey(ink))).mean() < 2 * SAME


def test_soft_edges_of_a_tiny_picture_are_no_noise() -> None:
    rng = np.random.default_rng(5)
    differences = []
    for k in range(10):
        tiny = draw(write(k, rng), Tool("pen", 0.12), 64, rng).reshape(8, 8, 8, 8).mean(axis=(1, 3))
        differences.append(np.abs(seen(grey(tiny)) - seen(grey(np.pad(tiny, 8)))).mean())
    assert max(differences) < 1.5 * SAME


def test_a_line_of_one_pixel_on_a_large_canvas_is_seen_at_full_strength() -> None:
    picture = np.full((600, 600), 255.0)
    picture[50:550, 300] = 0
    image = seen(picture)
    assert image.max() == pytest.approx(1.0)
    assert (image.max(axis=1) > 0.4).sum() >= 19


@pytest.mark.parametrize("level", [0, 7, 128, 255])
def test_nothing_is_drawn_on_an_even_picture(level: int) -> None:
    assert ink_amount(np.full((33, 44), level)) == 0
    assert not seen(np.full((33, 44), level, np.float32)).any()


def test_less_contrast_than_the_faintest_counts_as_nothing_drawn() -> None:
    assert ink_amount(grey(seven(), 200, 200 - normalizing.FAINTEST + 1)) == 0
    assert ink_amount(grey(seven(), 200, 200 - normalizing.FAINTEST - 1)) > 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (28, 28), (7, 900)])
def test_any_height_and_width_gives_28x28_finite_values(shape: tuple[int, int]) -> None:
    image = seen(np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32))
    assert image.shape == (28, 28)
    assert np.isfinite(image).all()
    assert 0 <= image.min() <= image.max() <= 1


def test_pictures_of_a_batch_do_not_touch_each_other() -> None:
    pictures = np.stack([grey(seven()), 255 - grey(np.roll(seven(), 9)), np.full((120, 120), 9, np.float32)])
    together = normalize_pictures(pictures)
    for alone, image in zip(pictures, together, strict=True):
        np.testing.assert_allclose(image, seen(alone), atol=1e-5)


def test_shrinking_averages_areas_as_pillow_does() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (84, 280)).astype(np.uint8)
    picture[:6] = 255  # a light ground, so that it is inverted
    picture[picture < 128] = 255 - picture[picture < 128]
    picture[40:50, 40:50] = 0
    ours = PlainResizing()(picture[np.newaxis].astype(np.float32))[0].numpy()[0, ..., 0]
    theirs = np.asarray(Image.fromarray(255.0 - picture.astype(np.float32)).resize((28, 28), Image.Resampling.BOX))
    np.testing.assert_allclose(ours, theirs / 255, atol=1e-3)


def test_enlarging_interpolates_linearly() -> None:
    row = np.array([0.0, 0.0, 255.0, 0.0, 0.0, 0.0, 0.0], np.float32)
    ours = PlainResizing()(np.tile(row, (7, 1))[np.newaxis])[0].numpy()[0, 14, :, 0]
    at = (np.arange(28) + 0.5) / 4
    inside = (at > 1) & (at < 6)
    np.testing.assert_allclose(ours[inside], np.interp(at, np.arange(7) + 0.5, row / 255)[inside], atol=1e-5)
