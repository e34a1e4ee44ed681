"""The forms in which people of different countries write the ten digits, as small parametric skeletons.

A form is a function of a random generator. It returns strokes in the order they are written; a stroke is a
list of pieces that meet at corners; a piece is a list of points that a smooth curve goes through. Coordinates
are those of a page: x to the right, y down, the digit's box from (0, 0) to (1, 1).

Sources of the forms: school alphabets (the American Palmer and D'Nealian hands, the German Lateinische
Ausgangsschrift, the French and the Russian school hands) and what ISO 3098 and DIN 16550 write for machines:
a 1 with flag and base, a crossed 7, a slashed 0, an open 4.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

Point = tuple[float, float]
Piece = list[Point]
Stroke = list[Piece]
Skeleton = Callable[[Generator], list[Stroke]]


class Letterform(NamedTuple):
    """One way to write one digit."""

    digit: int
    name: str
    weight: float
    """How often it is drawn among the digit's forms, relative to the others."""
    skeleton: Skeleton


LETTERFORMS: list[Letterform] = []


def _form(digit: int, name: str, weight: float = 1.0) -> Callable[[Skeleton], Skeleton]:
    def register(skeleton: Skeleton) -> Skeleton:
        LETTERFORMS.append(Letterform(digit, name, weight, skeleton))
        return skeleton

    return register


def _arc(
    cx: float,
    cy: float,
    rx: float,
    ry: float,
    start: float,
    end: float,
    grow: float = 0.0,
    square: float = 2.0,
) -> Piece:
    """Points along an ellipse from angle `start` to `end` in degrees (0 right, 90 down, -90 up).

    `grow` is the share by which the radius changes on the way, `square` the exponent of a superellipse.
    """
    count = max(4, int(abs(end - start) / 30) + 1)
    t = np.linspace(0.0, 1.0, count)
    angle = np.radians(start + (end - start) * t)
    radius = (np.abs(np.cos(angle)) ** square + np.abs(np.sin(angle)) ** square) ** (-1.0 / square)
    radius *= 1.0 + grow * (t - 0.5)
    return [
        (float(x), float(y))
        for x, y in zip(cx + rx * radius * np.cos(angle), cy + ry * radius * np.sin(angle), strict=True)
    ]


def _lean(rng: Generator) -> float:
    """A small shift, as of a stem that is not upright."""
    return float(rng.normal(0.0, 0.05))


# 0 ------------------------------------------------------------------------------------------------------


def _oval(rng: Generator, gap: float, overlap: float) -> Piece:
    start = -90.0 + rng.normal(0.0, 25.0)
    direction = -1.0 if rng.random() < 0.8 else 1.0
    sweep = 360.0 + rng.uniform(-gap, overlap)
    return _arc(
        0.5,
        0.5,
        0.5,
        0.5,
        start,
        start + direction * sweep,
        grow=rng.normal(0.0, 0.12),
        square=rng.uniform(1.8, 3.0),
    )


@_form(0, "plain", 4)
def _(rng):
    return [[_oval(rng, 15, 35)]]


@_form(0, "open", 1)
def _(rng):
    return [[_oval(rng, 60, 0)]]


@_form(0, "overlapping", 1)
def _(rng):
    return [[_oval(rng, 0, 110)]]


@_form(0, "slashed", 1.2)
def _(rng):
    reach = rng.uniform(-0.1, 0.25)
    slash = [(1 - reach + 0.05, reach - 0.02), (reach - 0.05, 1 - reach + 0.02)]
    return [[_oval(rng, 10, 30)], [slash if rng.random() < 0.8 else [(1 - x, y) for x, y in slash]]]


@_form(0, "in two halves", 0.5)
def _(rng):
    left = _arc(0.5, 0.5, 0.5, 0.5, -90 + rng.normal(0, 12), -270 + rng.normal(0, 12))
    right = _arc(0.5, 0.5, 0.5, 0.5, -90 + rng.normal(0, 12), 90 + rng.normal(0, 12))
    return [[left], [right]]


# 1 ------------------------------------------------------------------------------------------------------


def _flag(rng: Generator, short: float, long: float) -> tuple[Piece, float]:
    """A rise from the lower left to the top of the stem, and the x of that top."""
    length = rng.uniform(short, long)
    angle = np.radians(rng.uniform(25, 65))
    top = 0.5 + 0.3 * length
    dx, dy = length * np.cos(angle), length * np.sin(angle)
    bend = rng.normal(0.0, 0.06) * length
    return [(top - dx, dy), (top - dx / 2 - bend, dy / 2 - bend), (top, 0.0)], top


def _base(rng: Generator, stem: float) -> Stroke:
    half = rng.uniform(0.2, 0.5)
    tilt, y = rng.normal(0.0, 0.04), rng.uniform(0.97, 1.02)
    return [[(stem - half * rng.uniform(0.7, 1.2), y + tilt), (stem + half * rng.uniform(0.7, 1.2), y - tilt)]]


def _one(rng: Generator, short: float, long: float, based: bool) -> list[Stroke]:
    flag, top = _flag(rng, short, long)
    foot = top + _lean(rng)
    stem = [(top, 0.0), (foot, 1.0)]
    strokes = [[flag, stem]] if rng.random() < 0.8 else [[flag], [stem]]
    return [*strokes, _base(rng, foot)] if based else strokes


@_form(1, "bar", 3)
def _(rng):
    return [[[(0.5, 0.0), (0.5 + _lean(rng) * 0.6, 0.5), (0.5 + _lean(rng), 1.0)]]]


@_form(1, "short flag", 2.5)
def _(rng):
    return _one(rng, 0.15, 0.4, based=False)


@_form(1, "long flag", 2.5)
def _(rng):
    return _one(rng, 0.4, 0.9, based=False)


@_form(1, "flag and base", 2.5)
def _(rng):
    return _one(rng, 0.15, 0.6, based=True)


@_form(1, "bar and base", 0.6)
def _(rng):
    foot = 0.5 + _lean(rng)
    return [[[(0.5, 0.0), (foot, 1.0)]], _base(rng, foot)]


@_form(1, "hooked foot", 0.4)
def _(rng):
    flag, top = _flag(rng, 0.1, 0.35)
    return [[flag, [(top, 0.0), (top, 0.6), (top + 0.03, 0.92), (top + rng.uniform(0.1, 0.25), 0.98)]]]


# 2 ------------------------------------------------------------------------------------------------------


def _swan(rng: Generator) -> Piece:
    """Head and neck of a 2, from its start at the left down to the lower left corner."""
    start = rng.uniform(-200, -140)
    height = rng.uniform(0.22, 0.34)
    head = _arc(0.5, height, rng.uniform(0.36, 0.46), height, start, rng.uniform(0, 25))
    return [*head, (rng.uniform(0.5, 0.62), rng.uniform(0.62, 0.72)), (rng.uniform(0.0, 0.12), 1.0)]


@_form(2, "straight base", 4)
def _(rng):
    neck = _swan(rng)
    end = (rng.uniform(0.85, 1.1), 1.0 + rng.normal(0, 0.03))
    return [[neck, [neck[-1], ((neck[-1][0] + end[0]) / 2, 1.0 + rng.normal(0, 0.03)), end]]]


@_form(2, "looped", 2)
def _(rng):
    neck = _swan(rng)[:-1]
    low = rng.uniform(0.86, 0.98)
    size = rng.uniform(0.08, 0.16)
    loop = [
        (0.22, low),
        (0.05, low + 0.02),
        (0.02 + size * 0.3, low - size),
        (0.22, low - size * 0.8),
        (0.5, low + 0.02),
        (rng.uniform(0.8, 1.1), 1.0 + rng.normal(0, 0.05)),
    ]
    return [[neck + loop]]


@_form(2, "wavy base", 1.5)
def _(rng):
    neck = _swan(rng)
    wave = rng.uniform(0.03, 0.1)
    x = neck[-1][0]
    return [[neck, [neck[-1], (x + 0.3, 1 - wave), (x + 0.65, 1 + wave * 0.5), (1.05, 1 - wave)]]]


@_form(2, "angular", 1)
def _(rng):
    return [
        [
            [
                (0.0, rng.uniform(0.0, 0.15)),
                (0.5, rng.normal(0, 0.03)),
                (rng.uniform(0.8, 1.0), rng.uniform(0, 0.1)),
            ],
            [(0.92, 0.05), (0.7, 0.45 + rng.normal(0, 0.05)), (0.05, 0.98)],
            [(0.05, 0.98), (1.0, 1.0 + rng.normal(0, 0.04))],
        ]
    ]


# 3 ------------------------------------------------------------------------------------------------------


def _bowls(rng: Generator, waist: float) -> tuple[Piece, Piece]:
    """The two bowls of a 3; `waist` is the x at which they meet."""
    middle = rng.uniform(0.4, 0.52)
    upper = _arc(0.42, middle / 2, rng.uniform(0.36, 0.46), middle / 2, rng.uniform(-190, -130), 75)
    lower_radius = (1 - middle) / 2
    lower = _arc(0.42, middle + lower_radius, rng.uniform(0.44, 0.56), lower_radius, -75, rng.uniform(120, 175))
    return [*upper, (waist, middle)], [(waist, middle), *lower]


@_form(3, "round", 4)
def _(rng):
    upper, lower = _bowls(rng, rng.uniform(0.25, 0.45))
    return [[upper, lower]]


@_form(3, "rounded waist", 1.2)
def _(rng):
    upper, lower = _bowls(rng, rng.uniform(0.5, 0.65))
    return [[upper + lower[1:]]]


@_form(3, "looped waist", 1)
def _(rng):
    upper, lower = _bowls(rng, rng.uniform(0.2, 0.35))
    x, y = upper[-1]
    size = rng.uniform(0.03, 0.09)
    return [[[*upper[:-1], (x, y + size), (x - size, y), (x, y - size), *lower[1:]]]]


@_form(3, "flat top", 1.8)
def _(rng):
    waist = (rng.uniform(0.3, 0.5), rng.uniform(0.36, 0.46))
    lower_radius = (1 - waist[1]) / 2
    bowl = _arc(0.42, waist[1] + lower_radius, rng.uniform(0.45, 0.56), lower_radius, -60, rng.uniform(120, 170))
    bar = [(rng.uniform(0.0, 0.12), rng.normal(0.02, 0.03)), (rng.uniform(0.8, 0.95), rng.normal(0.0, 0.02))]
    return [[bar, [bar[-1], waist], [waist, *bowl]]]


# 4 ------------------------------------------------------------------------------------------------------


def _crossbar(rng: Generator, left: float) -> tuple[float, Piece]:
    y = rng.uniform(0.5, 0.72)
    return y, [(left, y), (rng.uniform(0.85, 1.15), y + rng.normal(0.0, 0.04))]


def _stem(rng: Generator, top: float) -> Stroke:
    x = rng.uniform(0.62, 0.8)
    return [[(x + _lean(rng) * 0.7, top), (x + _lean(rng), 1.0)]]


@_form(4, "open", 3)
def _(rng):
    _y, bar = _crossbar(rng, rng.uniform(0.0, 0.12))
    left = [(rng.uniform(0.08, 0.32), rng.uniform(0.0, 0.1)), bar[0]]
    return [[left, bar], _stem(rng, rng.uniform(0.0, 0.3))]


@_form(4, "closed", 3)
def _(rng):
    _y, bar = _crossbar(rng, 0.0)
    x = rng.uniform(0.62, 0.78)
    apex = (x + rng.normal(0, 0.03), 0.0)
    stem = [(x, rng.normal(0.0, 0.04)), (x + _lean(rng), 1.0)]
    return [[[apex, bar[0]], bar], [stem]]


@_form(4, "in one stroke", 1.5)
def _(rng):
    _y, bar = _crossbar(rng, 0.0)
    x = rng.uniform(0.6, 0.78)
    foot = (x + _lean(rng), 1.0)
    return [[[foot, (x, 0.0)], [(x, 0.0), bar[0]], bar]]


@_form(4, "round and open", 2)
def _(rng):
    y = rng.uniform(0.42, 0.58)
    cup = [
        (rng.uniform(0.02, 0.15), rng.uniform(0.0, 0.08)),
        (0.03, y * 0.6),
        (0.15, y),
        (0.42, y + 0.04),
        (0.75, y - rng.uniform(0.0, 0.1)),
    ]
    top = rng.uniform(0.0, 0.12)
    x = rng.uniform(0.75, 0.92)
    if rng.random() < 0.5:
        return [[[*cup[:-1], (x, top + 0.25), (x, top)], [(x, top), (x + _lean(rng) - 0.05, 1.0)]]]
    return [[cup], [[(x, top), (x + _lean(rng) - 0.05, 1.0)]]]


@_form(4, "rounded corner", 0.7)
def _(rng):
    y = rng.uniform(0.55, 0.7)
    return [
        [
            [(rng.uniform(0.35, 0.55), 0.0), (0.12, y - 0.15), (0.05, y), (0.4, y + 0.02), (1.0, y - 0.05)],
        ],
        _stem(rng, rng.uniform(0.2, 0.4)),
    ]


# 5 ------------------------------------------------------------------------------------------------------


def _belly(rng: Generator, x: float, y: float) -> Piece:
    """The bowl of a 5, from the foot of its neck at (x, y)."""
    radius = (1.0 - y) / 2 * rng.uniform(1.0, 1.12)
    bowl = _arc(rng.uniform(0.36, 0.46), 1.0 - radius, rng.uniform(0.46, 0.58), radius, -85, rng.uniform(110, 170))
    return [(x, y), *bowl]


@_form(5, "hat last", 3)
def _(rng):
    top, x, y = rng.uniform(0.0, 0.06), rng.uniform(0.1, 0.25), rng.uniform(0.38, 0.5)
    neck = [(x + rng.uniform(0.0, 0.08), top), (x, y)]
    gap = rng.choice([0.0, 0.0, rng.uniform(0.0, 0.15)])
    hat = [
        (neck[0][0] + gap, top + rng.normal(-0.01, 0.03)),
        (rng.uniform(0.75, 1.05), rng.normal(0.0, 0.05)),
    ]
    return [[neck, _belly(rng, x, y)], [hat]]


@_form(5, "in one stroke", 3)
def _(rng):
    x, y = rng.uniform(0.08, 0.22), rng.uniform(0.36, 0.48)
    hat = [
        (rng.uniform(0.75, 1.0), rng.normal(0.0, 0.04)),
        (x + rng.uniform(0.0, 0.1), rng.normal(0.02, 0.02)),
    ]
    return [[hat, [hat[-1], (x, y)], _belly(rng, x, y)]]


@_form(5, "like an S", 1.5)
def _(rng):
    y = rng.uniform(0.36, 0.48)
    x = rng.uniform(0.1, 0.25)
    start = [(rng.uniform(0.75, 0.95), rng.uniform(0.0, 0.08)), (0.5, 0.0), (x, 0.12), (x - 0.03, y * 0.7)]
    return [[[*start, *_belly(rng, x + 0.15, y)]]]


@_form(5, "angular", 0.6)
def _(rng):
    x, y = rng.uniform(0.05, 0.15), rng.uniform(0.42, 0.52)
    return [
        [
            [(0.95, rng.normal(0, 0.03)), (x, 0.0)],
            [(x, 0.0), (x, y)],
            [(x, y), (0.92, y + rng.normal(0, 0.03))],
            [(0.92, y), (0.93, 0.98)],
            [(0.93, 0.98), (x, 1.0 + rng.normal(0, 0.02))],
        ]
    ]


# 6 ------------------------------------------------------------------------------------------------------


def _six(rng: Generator, start: Point, bend: float, close: float) -> Piece:
    size = rng.uniform(0.2, 0.32)
    loop = _arc(0.5, 1.0 - size, rng.uniform(0.4, 0.5), size, 180, 180 - close)
    return [start, (0.5 * start[0] + 0.12 - bend, 0.3), (0.03, 0.62), *loop]


@_form(6, "curved stem", 4)
def _(rng):
    start = (rng.uniform(0.55, 1.0), rng.uniform(0.0, 0.05))
    return [[_six(rng, start, rng.uniform(0.0, 0.12), rng.uniform(310, 400))]]


@_form(6, "straight stem", 2)
def _(rng):
    start = (rng.uniform(0.1, 0.6), 0.0)
    return [[_six(rng, start, rng.uniform(-0.06, 0.03), rng.uniform(310, 380))]]


@_form(6, "hooked top", 0.8)
def _(rng):
    piece = _six(rng, (0.7, 0.02), 0.05, rng.uniform(320, 390))
    return [[[(rng.uniform(0.85, 1.0), rng.uniform(0.08, 0.18)), *piece]]]


@_form(6, "open loop", 1)
def _(rng):
    start = (rng.uniform(0.4, 0.9), 0.0)
    return [[_six(rng, start, rng.uniform(0.0, 0.1), rng.uniform(240, 300))]]


# 7 ------------------------------------------------------------------------------------------------------


def _seven(rng: Generator) -> tuple[Piece, Piece]:
    """Bar and stem."""
    corner = (rng.uniform(0.85, 1.0), rng.normal(0.02, 0.03))
    bar = [(rng.uniform(-0.05, 0.1), rng.normal(0.02, 0.04)), (0.5, rng.normal(0.01, 0.03)), corner]
    foot = (rng.uniform(0.1, 0.6), 1.0)
    bend = rng.choice([0.0, rng.uniform(0.0, 0.14)])
    middle = (0.5 * (corner[0] + foot[0]) - bend, 0.5 + rng.normal(0.0, 0.04))
    return bar, [corner, middle, foot]


def _cross(rng: Generator, stem: Piece) -> Stroke:
    x, y = stem[1]
    half, tilt = rng.uniform(0.15, 0.36), rng.normal(0.0, 0.05)
    return [[(x - half, y + tilt), (x + half * rng.uniform(0.8, 1.1), y - tilt)]]


def _serif(rng: Generator, bar: Piece) -> Piece:
    x, y = bar[0]
    return [(x + rng.normal(-0.01, 0.03), y + rng.uniform(0.08, 0.25)), (x, y)]


@_form(7, "plain", 4)
def _(rng):
    bar, stem = _seven(rng)
    return [[bar, stem]] if rng.random() < 0.85 else [[bar], [stem]]


@_form(7, "crossed", 3)
def _(rng):
    bar, stem = _seven(rng)
    return [[bar, stem], _cross(rng, stem)]


@_form(7, "with serif", 1.5)
def _(rng):
    bar, stem = _seven(rng)
    return [[_serif(rng, bar), bar, stem]]


@_form(7, "crossed with serif", 1)
def _(rng):
    bar, stem = _seven(rng)
    return [[_serif(rng, bar), bar, stem], _cross(rng, stem)]


@_form(7, "hooked", 1)
def _(rng):
    bar, stem = _seven(rng)
    dip = rng.uniform(0.05, 0.15)
    wave = [bar[0], (0.2, bar[0][1] - 0.03), (0.55, dip), stem[0]]
    return [[[(bar[0][0], bar[0][1] + rng.uniform(0.05, 0.18)), *wave], stem]]


@_form(7, "rounded corner", 1)
def _(rng):
    bar, stem = _seven(rng)
    return [[[*bar[:-1], (stem[0][0], stem[0][1] + 0.08), *stem[1:]]]]


# 8 ------------------------------------------------------------------------------------------------------


def _eight(rng: Generator) -> Piece:
    """One stroke: an S down, and back up."""
    waist = rng.uniform(0.38, 0.54)
    top, bottom = rng.uniform(0.3, 0.46), rng.uniform(0.4, 0.52)
    x = 0.5 + rng.normal(0, 0.04)
    lower = (waist + 1) / 2
    return [
        (x + top * rng.uniform(0.3, 0.9), waist * rng.uniform(0.1, 0.35)),
        (x, 0.0),
        (x - top, waist * 0.5),
        (x, waist),
        (x + bottom, lower),
        (x, 1.0),
        (x - bottom, lower),
        (x, waist + rng.normal(0, 0.03)),
        (x + top, waist * 0.5),
    ]


@_form(8, "in one stroke", 4)
def _(rng):
    piece = _eight(rng)
    end = (piece[0][0] + rng.normal(-0.03, 0.06), piece[0][1] + rng.normal(-0.02, 0.05))
    return [[[*piece, end]]]


@_form(8, "open top", 1.5)
def _(rng):
    piece = _eight(rng)
    x, y = piece[-1]
    return [[[(x - 0.02, y - rng.uniform(0.05, 0.2)), *piece[1:], (x + rng.uniform(0.02, 0.15), y - 0.15)]]]


@_form(8, "straight back", 1)
def _(rng):
    piece = _eight(rng)
    return [[piece[:-2], [piece[-3], (piece[0][0] + rng.normal(0.05, 0.05), piece[0][1])]]]


@_form(8, "two rings", 2)
def _(rng):
    waist = rng.uniform(0.4, 0.52)
    touch = rng.normal(0.02, 0.025)
    start = rng.uniform(-120, 60)
    sweep = rng.choice([-1, 1]) * rng.uniform(345, 385)
    upper = _arc(0.5, waist / 2, rng.uniform(0.3, 0.44), waist / 2 + touch, start, start + sweep)
    low = (1 - waist) / 2
    lower = _arc(0.5 + rng.normal(0, 0.03), waist + low, rng.uniform(0.4, 0.5), low, -90, -90 + sweep)
    return [[upper], [lower]]


# 9 ------------------------------------------------------------------------------------------------------


def _head(rng: Generator, overlap: tuple[float, float] = (310, 375)) -> tuple[Piece, float]:
    """The ring of a 9, from its upper right round to the same place, and its right side's x."""
    height, width = rng.uniform(0.22, 0.32), rng.uniform(0.36, 0.48)
    start = rng.uniform(-70, 0)
    return _arc(0.45, height, width, height, start, start - rng.uniform(*overlap)), 0.45 + width


@_form(9, "straight tail", 3)
def _(rng):
    head, x = _head(rng)
    foot = (x + rng.normal(-0.05, 0.1), 1.0)
    if rng.random() < 0.35:  # the stem apart from the ring
        return [[head], [[(x + rng.normal(0, 0.03), rng.uniform(0.0, 0.2)), foot]]]
    return [[head, [head[-1], (x, 0.25), foot]]]


@_form(9, "curved tail", 3)
def _(rng):
    head, x = _head(rng)
    return [
        [[*head, (x, 0.35), (x - rng.uniform(0.0, 0.1), 0.7), (rng.uniform(0.2, 0.6), 1.0)]],
    ]


@_form(9, "hooked tail", 3)
def _(rng):
    head, x = _head(rng)
    low = rng.uniform(0.75, 0.88)
    tail = [
        (x, 0.3),
        (x + rng.normal(0, 0.02), low - 0.12),
        (x - 0.12, low + 0.08),
        (rng.uniform(0.3, 0.5), 1.0),
        (rng.uniform(0.0, 0.2), rng.uniform(0.8, 0.97)),
    ]
    return [[head, [head[-1], *tail]]] if rng.random() < 0.6 else [[[*head, *tail[1:]]]]


@_form(9, "open head", 1)
def _(rng):
    head, x = _head(rng, (240, 300))
    return [[head], [[(x, rng.uniform(0.0, 0.1)), (x + rng.normal(-0.04, 0.06), 1.0)]]]


@_form(9, "like a g", 1)
def _(rng):
    height = rng.uniform(0.42, 0.55)
    x = rng.uniform(0.82, 0.98)
    ring = _arc(0.42, height / 2, 0.42, height / 2, -30, -30 - rng.uniform(300, 370))
    low = rng.uniform(0.8, 0.92)
    tail = [
        (x, rng.uniform(0.0, 0.1)),
        (x, low - 0.2),
        (x - 0.15, low),
        (0.4, 1.0),
        (0.05, rng.uniform(0.85, 0.98)),
    ]
    return [[ring], [tail]]


@_form(9, "swept tail", 1)
def _(rng):
    height, width = rng.uniform(0.14, 0.21), rng.uniform(0.24, 0.38)
    centre = width + rng.uniform(0.0, 0.15)
    start = rng.uniform(-50, 10)
    ring = _arc(centre, height, width, height, start, start - rng.uniform(320, 380))
    out, low = rng.uniform(0.85, 1.0), rng.uniform(0.78, 0.92)
    stem = [(centre + width, height + 0.1), (out, 0.62), (out, low)]
    base = [(0.5, 1.0), (rng.uniform(0.0, 0.15), rng.uniform(0.9, 1.02))]
    if rng.random() < 0.4:  # a corner, and a flat base
        return [[ring, [ring[-1], *stem], [stem[-1], *base]]]
    return [[ring, [ring[-1], *stem, *base]]]
