"""Pen-drawn digits, made as strokes: what MNIST, American and scanned, does not teach.

    rng = numpy.random.default_rng(7)
    strokes = write(7, rng)                  # list of float arrays [k, 2], page coordinates
    picture = draw(strokes, choose_tool(rng), 280, rng)   # float32 [280, 280], ink 0..1

Needs NumPy, SciPy and Pillow only, no TensorFlow.
"""

from .hand import FORMS, form_names, write
from .letterforms import LETTERFORMS, Letterform
from .tools import Tool, choose_tool, draw

__all__ = ["FORMS", "LETTERFORMS", "Letterform", "Tool", "choose_tool", "draw", "form_names", "write"]
