"""From MNIST and drawn pen strokes to a folder under static/models/ that browser and server read.

Run it as ``python -m train``; nothing outside this package imports TensorFlow.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "static" / "models"
TEACHERS = Path(__file__).parent / "teachers"
