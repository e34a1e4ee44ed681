"""What is drawn on a pad and is not a digit: scribbles, shapes and letters, as skeletons like a digit's.

The recognizer must not be sure about these. Half of the kinds are shown to it in training (with the answer
"any digit, equally"), the other half only measure it; blank sheets do both, each time others. Letters that some hand
writes like a digit (O, I, l, S, Z, b, g, q, B, D, and the Russian З, О, б) are left out.
"""

import itertools

import numpy as np
from numpy.random import Generator

from .letterforms import Stroke, _arc

LETTERS: dict[str, list[Stroke]] = {
    "A": [[[(0, 1), (0.5, 0)], [(0.5, 0), (1, 1)]], [[(0.2, 0.62), (0.8, 0.62)]]],
    "E": [[[(0.9, 0), (0.1, 0)], [(0.1, 0), (0.1, 1)], [(0.1, 1), (0.95, 1)]], [[(0.1, 0.5), (0.75, 0.5)]]],
    "F": [[[(0.1, 1), (0.1, 0)], [(0.1, 0), (0.9, 0)]], [[(0.1, 0.48), (0.7, 0.48)]]],
    "H": [[[(0.05, 0), (0.05, 1)]], [[(0.95, 0), (0.95, 1)]], [[(0.05, 0.5), (0.95, 0.5)]]],
    "K": [[[(0.1, 0), (0.1, 1)]], [[(0.9, 0), (0.1, 0.55)], [(0.1, 0.55), (0.95, 1)]]],
    "M": [[[(0, 1), (0.1, 0)], [(0.1, 0), (0.5, 0.7)], [(0.5, 0.7), (0.9, 0)], [(0.9, 0), (1, 1)]]],
    "N": [[[(0, 1), (0, 0)], [(0, 0), (1, 1)], [(1, 1), (1, 0)]]],
    "P": [[[(0.15, 1), (0.15, 0)]], [[(0.15, 0.02), (0.6, 0), (0.9, 0.25), (0.6, 0.5), (0.15, 0.52)]]],
    "R": [
        [[(0.1, 1), (0.1, 0)]],
        [[(0.1, 0), (0.7, 0.02), (0.85, 0.25), (0.6, 0.48), (0.1, 0.5)], [(0.1, 0.5), (0.95, 1)]],
    ],
    "T": [[[(0, 0), (1, 0)]], [[(0.5, 0), (0.5, 1)]]],
    "V": [[[(0, 0), (0.5, 1)], [(0.5, 1), (1, 0)]]],
    "W": [[[(0, 0), (0.25, 1)], [(0.25, 1), (0.5, 0.3)], [(0.5, 0.3), (0.75, 1)], [(0.75, 1), (1, 0)]]],
    "X": [[[(0, 0), (1, 1)]], [[(1, 0), (0, 1)]]],
    "Y": [[[(0, 0), (0.5, 0.5)]], [[(1, 0), (0.5, 0.5)], [(0.5, 0.5), (0.5, 1)]]],
    "m": [
        [
            [(0, 1), (0, 0.2)],
            [(0, 0.2), (0, 0.4)],
            [(0, 0.4), (0.25, 0.2), (0.48, 0.5), (0.5, 1)],
            [(0.5, 1), (0.5, 0.5)],
            [(0.5, 0.5), (0.75, 0.2), (1, 1)],
        ]
    ],
    "Ж": [[[(0, 0), (1, 1)]], [[(1, 0), (0, 1)]], [[(0.5, 0), (0.5, 1)]]],
    "Ф": [[[(0.5, 0), (0.5, 1)]], [_arc(0.5, 0.45, 0.5, 0.3, -90, -450)]],
    "Ш": [[[(0, 0), (0, 1)], [(0, 1), (1, 1)], [(1, 1), (1, 0)]], [[(0.5, 0), (0.5, 1)]]],
    "И": [[[(0, 0), (0, 1)], [(0, 1), (1, 0)], [(1, 0), (1, 1)]]],
    "Д": [
        [[(0.2, 0.8), (0.4, 0)], [(0.4, 0), (0.8, 0)], [(0.8, 0), (0.8, 0.8)]],
        [[(0, 1), (0, 0.8)], [(0, 0.8), (1, 0.8)], [(1, 0.8), (1, 1)]],
    ],
    "+": [[[(0, 0.5), (1, 0.5)]], [[(0.5, 0), (0.5, 1)]]],
    "#": [[[(0.3, 0), (0.25, 1)]], [[(0.75, 0), (0.7, 1)]], [[(0, 0.3), (1, 0.3)]], [[(0, 0.7), (1, 0.7)]]],
    "?": [[[(0.1, 0.2), (0.5, 0), (0.85, 0.2), (0.5, 0.45), (0.48, 0.75)]], [[(0.48, 0.97), (0.5, 1.0)]]],
    "heart": [[[(0.5, 0.25), (0.25, 0), (0, 0.25), (0.5, 1)], [(0.5, 1), (1, 0.25), (0.75, 0), (0.5, 0.25)]]],
    "triangle": [[[(0.5, 0), (0, 1)], [(0, 1), (1, 1)], [(1, 1), (0.5, 0)]]],
    "arrow": [[[(0, 0.5), (1, 0.5)]], [[(0.65, 0.2), (1, 0.5)], [(1, 0.5), (0.65, 0.8)]]],
    "star": [
        [
            [(0.2, 1), (0.5, 0)],
            [(0.5, 0), (0.8, 1)],
            [(0.8, 1), (0, 0.38)],
            [(0, 0.38), (1, 0.38)],
            [(1, 0.38), (0.2, 1)],
        ]
    ],
    "smile": [
        [_arc(0.5, 0.5, 0.5, 0.5, -90, -450)],
        [[(0.33, 0.3), (0.34, 0.4)]],
        [[(0.67, 0.3), (0.66, 0.4)]],
        [_arc(0.5, 0.52, 0.28, 0.26, 160, 20)],
    ],
}


def walk(rng: Generator) -> list[Stroke]:
    """A pen that goes anywhere: a few smooth strokes through random points."""
    return [
        [[(float(x), float(y)) for x, y in rng.random((rng.integers(4, 12), 2))]] for _ in range(rng.integers(1, 4))
    ]


def zigzag(rng: Generator) -> list[Stroke]:
    """A surface shaded to and fro."""
    count = int(rng.integers(5, 14))
    ends = [(float(rng.normal(k % 2, 0.08)), k / (count - 1)) for k in range(count)]
    return [[[a, b] for a, b in itertools.pairwise(ends)]]


def spiral(rng: Generator) -> list[Stroke]:
    """Two to four turns inwards."""
    angle = np.linspace(0, rng.uniform(2.2, 4) * 2 * np.pi, 30)
    radius = np.linspace(0.5, 0.05, 30)
    return [
        [
            [
                (float(x), float(y))
                for x, y in zip(0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle), strict=True)
            ]
        ]
    ]


def rails(rng: Generator) -> list[Stroke]:
    """Several separate lines, parallel or not."""
    return [[[(float(a), float(b)), (float(c), float(d))]] for a, b, c, d in rng.random((rng.integers(3, 7), 4))]


SCRIBBLES = {"walk": walk, "zigzag": zigzag, "spiral": spiral, "rails": rails}
KINDS = [*SCRIBBLES, *LETTERS]
BLANK = "blank sheet"
"""Of no strokes: paper alone."""
SHOWN_IN_TRAINING = [*(kind for k, kind in enumerate(KINDS) if k % 2 == 0), BLANK, BLANK]
ONLY_MEASURED = [kind for k, kind in enumerate(KINDS) if k % 2 == 1]


def doodle(rng: Generator, kinds: list[str] = KINDS) -> list[Stroke]:
    """A random skeleton of one of `kinds`, as frequent as it is in them; without strokes for `BLANK`."""
    kind = kinds[rng.integers(len(kinds))]
    if kind == BLANK:
        return []
    return SCRIBBLES[kind](rng) if kind in SCRIBBLES else LETTERS[kind]
