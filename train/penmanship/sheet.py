"""A sheet of penmanship: every form of every digit, and what chance makes of them."""

import numpy as np
from PIL import Image, ImageDraw

from .hand import FORMS, write
from .tools import Tool, choose_tool, draw

CELL = 92
LABEL = 14
COLUMNS = 16


def sheet(seed: int) -> Image.Image:
    """A grey picture with a row per digit: each form in a clean hand under its name, then random ones."""
    rng = np.random.default_rng(seed)
    picture = Image.new("L", (COLUMNS * CELL, 10 * (CELL + LABEL)), 255)
    pen = ImageDraw.Draw(picture)
    for digit, forms in FORMS.items():
        top = digit * (CELL + LABEL)
        for column in range(COLUMNS):
            if column < len(forms):
                strokes, tool, fill = write(digit, rng, forms[column].name, care=1.0), Tool("pen", 0.06), (0.8, 0.8)
                pen.text((column * CELL + 2, top), forms[column].name, fill=90)
            else:
                strokes, tool, fill = write(digit, rng), choose_tool(rng), (0.6, 0.9)
            ink = draw(strokes, tool, CELL, rng, fill)
            picture.paste(Image.fromarray(np.round(255 * (1 - ink)).astype(np.uint8)), (column * CELL, top + LABEL))
    return picture
