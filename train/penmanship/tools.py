"""Pens: how strokes become a picture. Pencil, pen, brush and marker, aliased and not (all are from 75 pixels on, where
what the network sees is averaged anyway), at any canvas size."""

from dataclasses import dataclass

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


def choose_tool(rng: Generator) -> Tool:
    """A random tool, from a hard pencil of one pixel to a fat brush."""
    antialiased = bool(rng.random() < 0.7)
    kind = rng.choice(["pencil", "pen", "brush", "marker"], p=[0.2, 0.35, 0.25, 0.2])
    match kind:
        case "pencil":
            return Tool(kind, rng.uniform(0.005, 0.05), 1.0, 0.2, rng.uniform(0.0, 0.5), 0.0, antialiased)
        case "pen":
            return Tool(kind, rng.uniform(0.03, 0.11), 1.0, rng.uniform(0.0, 0.3), 0.0, 0.0, antialiased)
        case "brush":
            soft = rng.uniform(0.0, 0.35)
            width = float(np.exp(rng.uniform(*np.log((0.07, 0.34)))))
            return Tool(kind, width, 1.0, rng.uniform(0.0, 0.6), 0.0, soft, True)
    return Tool(kind, rng.uniform(0.08, 0.2), rng.uniform(0.3, 1.0), 0.1, 0.0, 0.0, antialiased)


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
    for stroke in strokes:
        _stamp(pen, stroke * zoom, radius, tool, rng)
    if tool.softness:
        canvas = canvas.filter(ImageFilter.GaussianBlur(tool.softness * radius))
    if zoom > 1:
        canvas = canvas.reduce(zoom)
    ink = np.asarray(canvas, dtype=np.float32) / 255.0
    if tool.grain:
        ink = ink * (1.0 - tool.grain * rng.random(ink.shape, dtype=np.float32))
    return ink


def _stamp(pen: ImageDraw.ImageDraw, stroke: NDArray[np.float64], radius: float, tool: Tool, rng: Generator) -> None:
    """Presses the nib down along the stroke, twice per radius, but for 400 times at most."""
    lengths = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    count = int(np.clip(at[-1] / max(radius * 0.5, 0.5), 2, 400))
    along = np.linspace(0.0, at[-1], count)
    xs, ys = np.interp(along, at, stroke[:, 0]), np.interp(along, at, stroke[:, 1])
    wave = np.sin(np.linspace(0, rng.uniform(1, 5), count) + rng.uniform(0, 2 * np.pi))
    radii = radius * (1.0 + 0.6 * tool.pressure * wave)
    if radius < 1.0:
        pen.line(list(zip(xs, ys, strict=True)), fill=255, width=1)
        return
    for x, y, r in zip(xs, ys, radii, strict=True):
        pen.ellipse((x - r, y - r * tool.nib, x + r, y + r * tool.nib), fill=255)
