"""Ten digits in two hands, as strokes on a page of 280 x 280; drawn for these tests and no part of the training."""

from itertools import pairwise

import numpy as np

Point = tuple[float, float]
Stroke = list[Point]


def arc(centre: Point, radii: Point, start: float, end: float) -> Stroke:
    """Points along an ellipse, from angle `start` to `end` in degrees (0 right, 90 down, -90 up)."""
    angles = np.radians(np.linspace(start, end, max(3, round(abs(end - start) / 18))))
    return [(centre[0] + radii[0] * np.cos(angle), centre[1] + radii[1] * np.sin(angle)) for angle in angles]


def line(*corners: Point) -> Stroke:
    """Points along straight lines from corner to corner, about 16 apart."""
    points = [corners[0]]
    for (x0, y0), (x1, y1) in pairwise(corners):
        steps = max(1, round(np.hypot(x1 - x0, y1 - y0) / 16))
        points += [(x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps) for k in range(1, steps + 1)]
    return points


AMERICAN: list[list[Stroke]] = [
    [arc((140, 140), (58, 88), -80, -440)],
    [line((142, 50), (138, 230))],
    [arc((138, 105), (52, 52), -170, 35) + line((180, 135), (88, 222), (200, 222))],
    [arc((135, 95), (50, 42), -150, 80) + arc((138, 182), (56, 48), -80, 150)],
    [line((95, 55), (85, 150), (205, 150)), line((172, 60), (166, 232))],
    [line((190, 55), (108, 55), (102, 125)) + arc((140, 168), (56, 56), -130, 140)],
    [arc((190, 150), (95, 105), -110, -180) + arc((140, 178), (46, 50), -180, 180)],
    [line((82, 60), (198, 60), (125, 230))],
    [arc((140, 95), (42, 42), -60, -270) + arc((140, 184), (52, 47), -90, 270) + arc((140, 95), (42, 42), 90, -60)],
    [arc((135, 105), (48, 48), 0, -360) + line((183, 105), (176, 230))],
]
"""As MNIST's writers do: a bare 1, an open 4, a 7 without a bar, a 9 with a straight tail."""

EUROPEAN: list[list[Stroke]] = [
    [arc((140, 145), (48, 92), 90, 450)],
    [line((92, 118), (150, 50), (150, 232))],
    [arc((140, 100), (48, 45), -160, 20) + line((184, 118), (92, 225), (122, 215), (165, 230), (200, 218))],
    [line((88, 58), (190, 58), (128, 122)) + arc((136, 176), (56, 54), -80, 145)],
    [line((150, 48), (80, 165), (210, 165)), line((170, 120), (168, 235))],
    [line((108, 58), (100, 125)) + arc((138, 170), (58, 56), -125, 145), line((106, 58), (195, 56))],
    [line((175, 48), (105, 150)) + arc((142, 178), (48, 50), -150, 200)],
    [line((82, 62), (200, 62), (122, 232)), line((112, 145), (190, 145))],
    [arc((140, 92), (40, 40), 0, 360), arc((140, 182), (52, 50), -90, 270)],
    [arc((138, 105), (46, 50), -20, -370) + line((183, 110), (180, 180)) + arc((135, 180), (45, 48), 0, 130)],
]
"""A 1 with a flag, a closed 4, a 5 in two strokes, a crossed 7, a 9 with a hooked tail."""
