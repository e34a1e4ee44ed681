"""What training does to MNIST's pictures."""

import numpy as np
import pytest
from PIL import Image

from train import augmentation
from train.augmentation import BOXES, CANVAS, FEWER, coarsening, distort, focus


def strokes(count: int = 20) -> np.ndarray:
    """Pictures of random bars, float32 [count, 28, 28], ink 0..1."""
    rng = np.random.default_rng(1)
    images = np.zeros((count, 28, 28), np.float32)
    for image, (y, x) in zip(images, rng.integers(5, 20, (count, 2)), strict=True):
        image[4:24, x : x + 3] = image[y : y + 3, 6:22] = 1
    return images


def test_distortion_is_seeded_and_stays_a_grey_picture() -> None:
    images = strokes()
    once, again, other = (distort(images, np.array(seed)).numpy() for seed in ([1, 2], [1, 2], [1, 3]))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()
    assert once.shape == (20, CANVAS, CANVAS)
    assert 0 <= once.min() < once.max() <= 255


@pytest.mark.parametrize("fewer", FEWER)
def test_a_coarse_picture_has_the_mean_of_what_each_pixel_covers_and_is_enlarged_as_pillow_does(fewer: int) -> None:
    picture = np.random.default_rng(2).random((CANVAS, CANVAS), np.float32)
    finer = picture.repeat(fewer, axis=0).repeat(fewer, axis=1)
    means = finer.reshape(fewer, CANVAS, fewer, CANVAS).mean(axis=(1, 3))
    expected = np.asarray(Image.fromarray(means).resize((CANVAS, CANVAS), Image.Resampling.BILINEAR))
    average, back = coarsening(fewer)
    np.testing.assert_allclose((average @ picture @ average.T)[:fewer, :fewer], means, atol=1e-5)
    both = back @ average
    np.testing.assert_allclose(both @ picture @ both.T, expected, atol=1e-5)


def test_a_share_of_the_pictures_has_no_greys_and_none_loses_all_its_ink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augmentation, "BILEVEL", 0.25)
    monkeypatch.setattr(augmentation, "focus", lambda ink, softness: ink)
    faint = 0.2 * strokes(300)
    pictures = distort(faint, np.array([1, 2])).numpy()
    greys = np.array([len(np.unique(picture)) for picture in pictures])
    assert greys.min() == 2
    # Of those that have none a quarter is noisy, and a sixth brought back from fewer pixels.
    assert 0.25 * 0.5 < (greys == 2).mean() < 0.25 * 0.8


def test_focus_blurs_with_the_mean_of_nine_pixels_and_sharpens_against_it() -> None:
    ink = np.zeros((1, 5, 5), np.float32)
    ink[0, 2, 1:4] = 0.5
    soft, same, sharp = (focus(ink, np.float32(softness)).numpy()[0] for softness in (1.0, 0.0, -0.6))
    assert soft[2, 2] == pytest.approx(1.5 / 9)
    np.testing.assert_array_equal(same, ink[0])
    assert sharp[2, 2] == pytest.approx(0.5 + 0.6 * (0.5 - 1.5 / 9))
    assert sharp[1, 2] == 0  # never less than no ink


def test_some_pictures_come_out_as_sharp_as_they_went_in() -> None:
    def steepest(pictures: np.ndarray) -> np.ndarray:
        """The steepest step between two neighbours, by the whole contrast."""
        return np.abs(np.diff(pictures, axis=2)).max(axis=(1, 2)) / np.ptp(pictures, axis=(1, 2))

    pictures = distort(strokes(200), np.array([1, 2])).numpy()
    assert np.quantile(steepest(pictures), 0.9) > 0.95
    assert np.quantile(steepest(pictures), 0.1) < 0.5


def test_a_share_of_the_pictures_is_stretched_to_a_box_of_any_proportions(monkeypatch: pytest.MonkeyPatch) -> None:
    for others in ("ROTATION", "SLANT", "PROPORTIONS", "BENDING"):
        monkeypatch.setattr(augmentation, others, 0.0)
    monkeypatch.setattr(augmentation, "COARSE", 1e-6)
    bars = np.zeros((300, 28, 28), np.float32)
    bars[:, 4:24, 12:15] = 1

    def boxes(share: float) -> np.ndarray:
        """Width by height of what is inked."""
        monkeypatch.setattr(augmentation, "STRETCHED", share)
        pictures = distort(bars, np.array([1, 2])).numpy()
        inked = pictures > (pictures.min(axis=(1, 2)) + pictures.max(axis=(1, 2)))[:, None, None] / 2
        return inked.any(axis=1).sum(axis=1) / inked.any(axis=2).sum(axis=1)

    narrow, wide = boxes(0.0), boxes(1.0)
    assert np.quantile(narrow, 0.95) < 0.35  # above are some whose noise is inked
    assert np.quantile(wide, (0.02, 0.98)) == pytest.approx(BOXES, abs=0.15)
    assert 0.2 < (boxes(0.25) > 0.35).mean() < 0.35


def test_a_picture_without_ink_stays_one() -> None:
    pictures = distort(np.zeros((200, 28, 28), np.float32), np.array([1, 2])).numpy()
    assert 0.65 < (np.ptp(pictures, axis=(1, 2)) == 0).mean() < 0.85  # the others are noisy
