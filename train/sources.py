"""Digests of this package's code, by which what another version made is not taken for this one's."""

from hashlib import sha256
from pathlib import Path

DRAWING = ("synthesis.py", "normalizing.py", "penmanship/*.py")
"""What decides on the drawn pictures."""
LESSONS = (*DRAWING, "augmentation.py", "distillation.py", "lessons.py", "teachers/*.tflite")
"""What decides on what the teachers are asked, and what they say."""
TRAINING = (*LESSONS, "batches.py", "fit.py", "networks.py")
"""What decides on the network, its batches and how it learns from them."""


def digest(patterns: tuple[str, ...]) -> str:
    """Of the files that the patterns name, in this folder: 8 hexadecimal digits."""
    paths = sorted(path for pattern in patterns for path in Path(__file__).parent.glob(pattern))
    return sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:8]
