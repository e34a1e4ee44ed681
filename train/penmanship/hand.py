"""A hand: writes a letterform as strokes, with the variation that no two people and no two digits share."""

import itertools

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from .letterforms import LETTERFORMS, Letterform, Piece, Stroke

Strokes = list[NDArray[np.float64]]
"""Polylines [k, 2] of (x, y), in the order of writing."""

FORMS: dict[int, list[Letterform]] = {d: [f for f in LETTERFORMS if f.digit == d] for d in range(10)}
_STEP = 0.02
"""Distance of neighbouring points on a written stroke, in heights of the digit."""


def form_names(digit: int) -> list[str]:
    """Names of the forms in which `digit` can be written."""
    return [form.name for form in FORMS[digit]]


def write(digit: int, rng: Generator, form: str | None = None, care: float | None = None) -> Strokes:
    """Write `digit` once.

    Args:
        digit: 0..9.
        form: a name out of `form_names(digit)`; None draws one by its weight.
        care: 1 writes as a teacher at the blackboard, 0 as a person in a hurry; None draws it.

    Returns:
        Strokes in units of the digit's height, about centred on (0, 0), y down.

    Raises:
        ValueError: the digit has no such form.
    """
    return trace(_choose(digit, rng, form).skeleton(rng), rng, care)


def trace(skeleton: list[Stroke], rng: Generator, care: float | None = None) -> Strokes:
    """Write any skeleton by hand; see `write`."""
    haste = 1.0 - (rng.beta(2.0, 2.0) if care is None else care)
    jitter = 0.008 + 0.035 * haste
    strokes = [
        np.concatenate([_smooth(_wobble(piece, jitter, rng)) for piece in _joined(stroke)]) for stroke in skeleton
    ]
    aspect = float(np.clip(rng.normal(0.62, 0.05 + 0.12 * haste), 0.3, 1.2))
    strokes = [(points - 0.5) * (aspect, 1.0) for points in strokes]
    strokes = _bend(strokes, 0.02 + 0.06 * haste, rng)
    strokes = [_tremble(points, 0.012 * haste * rng.random(), rng) for points in strokes]
    strokes = [_reach(points, 0.05 * haste, rng) for points in strokes]
    posture = _posture(haste, rng).T
    return [points @ posture for points in strokes]


def _choose(digit: int, rng: Generator, form: str | None) -> Letterform:
    forms = FORMS[digit]
    if form is None:
        weights = np.array([f.weight for f in forms])
        return forms[rng.choice(len(forms), p=weights / weights.sum())]
    for candidate in forms:
        if candidate.name == form:
            return candidate
    raise ValueError(f"digit {digit} has no form {form!r}; it has {', '.join(form_names(digit))}")


def _joined(stroke: list[Piece]) -> list[Piece]:
    """The pieces, each starting where the one before ends: the pen stays on the paper."""
    return [stroke[0], *([last[-1], *piece[1:]] for last, piece in itertools.pairwise(stroke))]


def _wobble(piece: Piece, sigma: float, rng: Generator) -> NDArray[np.float64]:
    points = np.asarray(piece, dtype=float)
    # Neighbours move together, so that a ring becomes an egg, not a cog; the ends carry the letterform (a
    # closed ring, a corner) and move less than the middle.
    kernel = np.ones(min(3, len(points))) / min(3, len(points)) ** 0.5
    noise = rng.normal(size=(len(points) + len(kernel) - 1, 2))
    noise = np.stack([np.convolve(noise[:, k], kernel, "valid") for k in range(2)], axis=1)
    noise[[0, -1]] *= 0.5
    return points + noise * sigma


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A centripetal cubic spline through the points as a dense polyline."""
    chords = np.linalg.norm(np.diff(points, axis=0), axis=1) + 1e-6
    at = np.concatenate([[0.0], np.cumsum(chords**0.5)])  # not by the chords themselves: no loops at close points
    spline = make_interp_spline(at, points, k=min(3, len(points) - 1))
    count = max(2, int(chords.sum() / _STEP) + 1)
    return spline(np.linspace(0.0, at[-1], count))


def _bend(strokes: Strokes, amount: float, rng: Generator) -> Strokes:
    """Moves all strokes by one smooth random field, so that a digit bends as a whole."""
    wave = rng.normal(size=(2, 2, 2)) * 2.0
    phase = rng.uniform(0, 2 * np.pi, size=(2, 2))
    size = rng.normal(size=(2, 2)) * amount
    return [points + sum(np.sin(points @ wave[k] + phase[k]) * size[k] for k in range(2)) for points in strokes]


def _tremble(points: NDArray[np.float64], sigma: float, rng: Generator) -> NDArray[np.float64]:
    """Adds tremor: noise smoothed over five points of the stroke."""
    noise = rng.normal(size=(len(points) + 4, 2)) * sigma
    kernel = np.ones(5) / 5**0.5
    return points + np.stack([np.convolve(noise[:, k], kernel, "valid") for k in range(2)], axis=1)


def _reach(points: NDArray[np.float64], sigma: float, rng: Generator) -> NDArray[np.float64]:
    """Moves the end of a stroke along its own direction: an overshoot, or a stop too early."""
    if len(points) < 8:
        return points
    step = points[-1] - points[-4]
    length = np.linalg.norm(step)
    reach = rng.normal(0.0, sigma)
    if reach < 0:
        return points[: max(6, len(points) - int(-reach / _STEP))]
    return np.vstack([points, points[-1] + step / max(length, 1e-6) * reach])


def _posture(haste: float, rng: Generator) -> NDArray[np.float64]:
    """Slant and rotation, as a 2x2 matrix."""
    slant = rng.normal(0.12, 0.05 + 0.15 * haste)
    angle = rng.normal(0.0, 0.03 + 0.08 * haste)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ np.array([[1.0, -slant], [0.0, 1.0]])
