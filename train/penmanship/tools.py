"""Pens: how strokes become a picture. Pencil, pen, brush and marker, aliased and not (all are from 75 pixels on, where
what the network sees is averaged anyway), at any canvas size."""

from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from .hand import Strokes


@dataclass(frozen=True)
class Tool:
    """A pen and how it is held."""

    name: str
    width: float
    """Stroke width in heights of the digit; a canvas makes it one pixel at least."""
    nib: float = 1.0
    """Height of the nib by its width: a marker cut flat writes thick and thin."""
    pressure: float = 0.0
    """How much the width varies along a stroke, 0..1."""
    grain: float = 0.0
    """How much of the ink the paper's grain leaves out, 0..1."""
    softness: float = 0.0
    """Blur of the edge, in stroke widths."""
    antialiased: bool = True
    fading: float = 0.0
    """How much of the ink's opacity changes along a stroke, 0..1, as that of a stylus does with its pressure."""


def choose_tool(rng: Generator) -> Tool:
    """A random tool, from a hard pencil of one pixel to a fat brush."""
    antialiased = bool(rng.random() < 0.7)
    fading = rng.uniform(0.2, 0.8) if rng.random() < 0.12 else 0.0
    kind = rng.choice(["pencil", "pen", "brush", "marker"], p=[0.2, 0.35, 0.25, 0.2])
    match kind:
        case "pencil":
            return Tool(kind, rng.uniform(0.005, 0.05), 1.0, 0.2, rng.uniform(0.0, 0.5), 0.0, antialiased, fading)
        case "pen":
            return Tool(kind, rng.uniform(0.03, 0.11), 1.0, rng.uniform(0.0, 0.3), 0.0, 0.0, antialiased, fading)
        case "brush":
            soft = rng.uniform(0.0, 0.35)
            width = float(np.exp(rng.uniform(*np.log((0.07, 0.34)))))
            return Tool(kind, width, 1.0, rng.uniform(0.0, 0.6), 0.0, soft, True, fading)
    return Tool(kind, rng.uniform(0.08, 0.2), rng.uniform(0.3, 1.0), 0.1, 0.0, 0.0, antialiased, fading)


ANYWHERE = (0.4, 0.95)
"""Range of the digit's longer side by the canvas's."""


def place(strokes: Strokes, side: int, rng: Generator, fill: tuple[float, float] = ANYWHERE) -> tuple[Strokes, float]:
    """Strokes in pixels of a square canvas, somewhere on it, and how many pixels a digit's height takes."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = side * rng.uniform(*fill) / max(float((high - low).max()), 1e-6)
    room = side - (high - low) * scale
    offset = room * (0.5 + rng.uniform(-0.5, 0.5, size=2) * rng.uniform(0.0, 1.0)) - low * scale
    return [stroke * scale + offset for stroke in strokes], scale


def draw(
    strokes: Strokes, tool: Tool, side: int, rng: Generator, fill: tuple[float, float] = ANYWHERE
) -> NDArray[np.float32]:
    """Draw strokes on a square canvas.

    Args:
        strokes: as `write` gives them.
        side: height and width of the canvas in pixels.
        fill: range of the digit's longer side by the canvas's.

    Returns:
        float32 [side, side], ink 0..1.
    """
    strokes, height = place(strokes, side, rng, fill)
    zoom = max(1, round(112 / side)) if tool.antialiased else 1
    radius = max(tool.width * height, 1.0) * zoom / 2
    canvas = Image.new("L", (side * zoom, side * zoom))
    pen = ImageDraw.Draw(canvas)
    dabs = [dab for stroke in strokes for dab in _dabs(stroke * zoom, radius, tool, rng)]
    # The darkest last: where strokes cross, faint ink does not cover dark ink.
    for x, y, x_before, y_before, r, level in sorted(dabs, key=itemgetter(-1)):
        if radius < 1.0:
            pen.line((x_before, y_before, x, y), fill=int(level))
        else:
            pen.ellipse((x - r, y - r * tool.nib, x + r, y + r * tool.nib), fill=int(level))
    if tool.softness:
        canvas = canvas.filter(ImageFilter.GaussianBlur(tool.softness * radius))
    if zoom > 1:
        canvas = canvas.reduce(zoom)
    ink = np.asarray(canvas, dtype=np.float32) / 255.0
    if tool.grain:
        ink = ink * (1.0 - tool.grain * rng.random(ink.shape, dtype=np.float32))
    return ink


def _dabs(stroke: NDArray[np.float64], radius: float, tool: Tool, rng: Generator) -> list[list[float]]:
    """Where the nib is pressed down along the stroke, twice per radius, but 400 times at most: x and y, those of the
    dab before, radius and level of ink, 0..255."""
    lengths = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    count = int(np.clip(at[-1] / max(radius * 0.5, 0.5), 2, 400))
    along = np.linspace(0.0, at[-1], count)
    xs, ys = np.interp(along, at, stroke[:, 0]), np.interp(along, at, stroke[:, 1])
    wave = np.sin(np.linspace(0, rng.uniform(1, 5), count) + rng.uniform(0, 2 * np.pi))
    radii = radius * (1.0 + 0.6 * tool.pressure * wave)
    levels = np.full(count, 255)
    if tool.fading:
        way = np.linspace(0.0, 1.0, count)
        lost = [way, 1.0 - way, 0.5 - 0.5 * wave][rng.integers(3)]
        levels = np.round(255 * (1.0 - tool.fading * lost))
    before = np.maximum(np.arange(count) - 1, 0)
    return np.stack([xs, ys, xs[before], ys[before], radii, levels], axis=1).tolist()
