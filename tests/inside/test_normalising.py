"""The first layer as the page explains it, step by step, against the layer that the graph holds."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from tests.inside.javascript import call
from train.normalizing import BOX, Normalizing, PlainResizing
from train.penmanship import Tool, draw, write

SIDE = 140
ALL = {"ink": True, "box": True, "centre": True, "peak": True}
NONE = dict.fromkeys(ALL, False)


def drawn(digit: int, side: int = SIDE, size: float = 1.0, corner: bool = False) -> NDArray[np.float32]:
    """Greys of a digit on paper, in the middle or in the corner of a square picture."""
    rng = np.random.default_rng(digit)
    small = round(size * side)
    ink = draw(write(digit, rng), Tool("pen", 0.09), small, rng)
    margin = 0 if corner else (side - small) // 2
    picture = np.full((side, side), 255, np.float32)
    picture[margin : margin + small, margin : margin + small] -= (255 * ink).astype(np.float32)
    return picture


def framed(picture: NDArray[np.float32], sides: str = "top bottom left right") -> NDArray[np.float32]:
    """With dark lines at its sides."""
    picture = picture.copy()
    lines = {"top": np.s_[:3], "bottom": np.s_[-3:], "left": np.s_[:, :3], "right": np.s_[:, -3:]}
    for side in sides.split():
        picture[lines[side]] = 0
    return picture


def noisy(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.clip(picture + np.random.default_rng(1).normal(-9, 3, picture.shape), 0, 255).astype(np.float32)


def squared(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """With faint lines across and down."""
    picture = picture.copy()
    picture[9::20] = np.minimum(picture[9::20], 205)
    picture[:, 4::20] = np.minimum(picture[:, 4::20], 205)
    return picture


def fat(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Written with so broad a brush that most of the picture is ink, and cut out at its edges."""
    broad = minimum_filter(picture, 25)
    rows, columns = np.nonzero(broad < 128)
    side = min(np.ptp(rows), np.ptp(columns))
    return broad[rows.min() : rows.min() + side, columns.min() : columns.min() + side]


PICTURES = {
    **{f"digit {digit}": drawn(digit) for digit in range(10)},
    "on 8 by 8 pixels": drawn(5, 64).reshape(8, 8, 8, 8).mean(axis=(1, 3)),
    "small, in a corner": drawn(5, size=0.3, corner=True),
    "light on dark": 255 - drawn(3),
    "framed": framed(drawn(8, size=0.6)),
    "over a line": framed(drawn(3, size=0.6), "bottom"),
    "close between two lines": framed(minimum_filter(drawn(3, size=0.85), 5)[6:-6, 6:-6], "left right"),
    "in a corner of a form": framed(drawn(9, size=0.6), "top left"),
    "on rough paper": noisy(drawn(2)),
    "on squared paper": squared(drawn(6, size=0.5, corner=True)),
    "fat and cut out closely": fat(drawn(0)),
    "as large as MNIST's": drawn(4, side=28),
    "blank": np.full((SIDE, SIDE), 255, np.float32),
}


def image_of(picture: NDArray[np.float32], steps: dict[str, bool]) -> NDArray[np.float32]:
    made = call(
        "inside/numbers/normalising.js",
        "(picture, size, steps) => imageOf(find(picture, size), size, steps)",
        picture,
        len(picture),
        steps,
    )
    return np.float32(made).reshape(28, 28)


def finding_of(picture: NDArray[np.float32]) -> dict[str, Any]:
    found: dict[str, Any] = call("inside/numbers/normalising.js", "find", picture, len(picture))
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_with_all_steps_it_is_the_normalizing_layer(name: str) -> None:
    picture = PICTURES[name]
    expected = Normalizing()(picture[np.newaxis])[0].numpy()[0, ..., 0]
    np.testing.assert_allclose(image_of(picture, ALL), expected, atol=1e-3)


@pytest.mark.parametrize("name", PICTURES)
def test_with_none_it_is_the_plain_resizing_layer(name: str) -> None:
    picture = PICTURES[name]
    expected = PlainResizing()(picture[np.newaxis])[0].numpy()[0, ..., 0]
    np.testing.assert_allclose(image_of(picture, NONE), expected, atol=1e-3)


def test_the_page_takes_each_network_for_what_it_was_trained_with() -> None:
    fronts = call("inside/numbers/normalising.js", "() => FRONTS")
    assert fronts == {Normalizing.__name__: ALL, PlainResizing.__name__: NONE}


def mass_of(image: NDArray[np.float32]) -> tuple[float, float]:
    """Row and column of the centre of mass."""
    rows, columns = np.indices(image.shape) + 0.5
    return float((rows * image).sum() / image.sum()), float((columns * image).sum() / image.sum())


def test_each_step_does_what_its_name_says() -> None:
    picture = PICTURES["small, in a corner"]
    assert mass_of(image_of(picture, ALL)) == pytest.approx((14, 14), abs=0.1)
    assert max(mass_of(image_of(picture, NONE))) < 8
    assert max(mass_of(image_of(picture, {**NONE, "ink": True, "centre": True}))) == pytest.approx(14, abs=0.1)
    boxed = image_of(picture, {**ALL, "centre": False}) > 0.5
    extents = [np.ptp(np.flatnonzero(boxed.any(axis=axis))) + 1 for axis in (0, 1)]
    assert max(extents) == pytest.approx(BOX, abs=1)
    faint = 255 - 0.3 * (255 - picture)
    assert image_of(faint, NONE).max() < 0.35
    assert image_of(faint, {**NONE, "peak": True}).max() == pytest.approx(1)


def test_box_and_centre_are_where_the_ink_is() -> None:
    picture = np.full((100, 100), 255, np.float32)
    picture[20:60, 30:50] = 0
    found = finding_of(picture)
    # One row in a hundred of the ink may be cut at each side.
    assert found["vertical"] == {"start": 20, "length": 40}
    assert found["horizontal"] == {"start": 30, "length": 20}
    assert found["centre"] == {"x": pytest.approx(40), "y": pytest.approx(40)}
