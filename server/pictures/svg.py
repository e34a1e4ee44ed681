"""SVG as the pad saves it: strokes of a round pen. Any other SVG is refused: it may hold programs and name files.

`static/js/saving/svg.js` writes it. Nothing but the attributes `d` and `stroke-width` of paths is interpreted, so no
file can run, include or fetch anything.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from server.messages import message as _l
from server.pictures.grey import WHITE
from server.problems import UnsupportedPicture

SIDE = 280
"""Of the pad, in its own units, and of the picture in pixels."""
ZOOM = 8
"""Strokes are drawn so much larger without grey edges, and averaged."""
MAX_BYTES = 2**20
"""A drawing that somebody made is never larger."""
NAMESPACE = "{http://www.w3.org/2000/svg}"
ELEMENTS = {NAMESPACE + name for name in ("svg", "g", "rect", "path")}
NUMBER = r"-?\d{1,4}(?:\.\d{1,2})?"
POINT = f"{NUMBER},{NUMBER}"
COMMAND = re.compile(f"([ML])({POINT})|(Q)({POINT}) ({POINT})")
PATH = re.compile(f"M{POINT}(?:L{POINT}|Q{POINT} {POINT})+")
WIDTH = re.compile(r"\d{1,3}(?:\.\d{1,2})?")

Point = NDArray[np.float64]
"""[2], x and y in units of the pad."""


def is_svg(data: bytes) -> bool:
    """Whether a file says in its beginning that it is an SVG."""
    return data.removeprefix(BOM_UTF8).lstrip().startswith(b"<") and b"<svg" in data[:1024]


def read(data: bytes) -> NDArray[np.uint8]:
    """Draw the strokes as greys [280, 280], black on white.

    Raises:
        UnsupportedPicture: the pad did not save this file.
    """
    try:
        # A declaration of a document type could define entities that grow without end.
        if len(data) > MAX_BYTES or b"<!" in data:
            raise ValueError("not from the pad")
        strokes = list(_strokes(ElementTree.fromstring(data.decode())))
    except (ElementTree.ParseError, ValueError):
        raise UnsupportedPicture(
            _l("Of SVG files only those are read that the page Draw saved. Save the picture as PNG.")
        ) from None
    picture = Image.new("L", (SIDE * ZOOM, SIDE * ZOOM), WHITE)
    pen = ImageDraw.Draw(picture)
    for points, width in strokes:
        corners = [(x * ZOOM, y * ZOOM) for x, y in points]
        pen.line(corners, fill=0, width=round(width * ZOOM), joint="curve")
        for end in (corners[0], corners[-1]):
            pen.circle(end, width * ZOOM / 2, fill=0)
    return np.asarray(picture.reduce(ZOOM))


def _strokes(svg: ElementTree.Element) -> Iterator[tuple[list[Point], float]]:
    """Each path as a polyline and its width.

    Raises:
        ValueError: something stands in the file that the pad does not write.
    """
    if svg.tag != NAMESPACE + "svg" or svg.get("viewBox") != f"0 0 {SIDE} {SIDE}":
        raise ValueError("not from the pad")
    for element in svg.iter():
        if element.tag not in ELEMENTS:
            raise ValueError("not from the pad")
        if element.tag == NAMESPACE + "path":
            line, width = element.get("d", ""), element.get("stroke-width", "")
            if not PATH.fullmatch(line) or not WIDTH.fullmatch(width):
                raise ValueError("not from the pad")
            yield _polyline(line), float(width)


def _polyline(line: str) -> list[Point]:
    points: list[Point] = []
    for straight, to, _curve, control, end in COMMAND.findall(line):
        if straight:
            points.append(_point(to))
        else:
            points += _bezier(points[-1], _point(control), _point(end))
    return points


def _bezier(start: Point, control: Point, end: Point) -> list[Point]:
    """A quadratic curve without its start, in steps of about three units."""
    length = np.linalg.norm(control - start) + np.linalg.norm(end - control)
    steps = max(1, int(np.ceil(length / 3)))
    return [(1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end for t in np.arange(1, steps + 1) / steps]


def _point(text: str) -> Point:
    return np.array(text.split(","), np.float64)
