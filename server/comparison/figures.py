"""What is said of a network on labelled pictures: accuracy with its interval, recall, confusion."""

from typing import Any, NamedTuple

import numpy as np

Z95 = 1.959964


class Interval(NamedTuple):
    """A share and its 95 % interval, 0..1."""

    share: float
    low: float
    high: float


def wilson(hits: int, total: int) -> Interval | None:
    """Wilson's score interval (1927), right also near 100 % and for few pictures; None for no picture."""
    if not total:
        return None
    share = hits / total
    scale = 1 + Z95**2 / total
    middle = (share + Z95**2 / (2 * total)) / scale
    half = Z95 / scale * (share * (1 - share) / total + Z95**2 / (4 * total**2)) ** 0.5
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


class Figures:
    """Counts of one network's answers, filled picture by picture."""

    BLANK = 10
    """Column of the confusion matrix for pictures where nothing is drawn."""

    def __init__(self) -> None:
        self.confusion = np.zeros((10, 11), np.int64)
        """[true digit, digit read]"""

    def add(self, label: int, digit: int | None) -> None:
        """Count one labelled picture."""
        self.confusion[label, self.BLANK if digit is None else digit] += 1

    def as_json(self) -> dict[str, Any]:
        """`n`, `accuracy` (share, low, high; or null), `recall` of each digit (null where it has none), `confusion`."""
        hits, totals = self.confusion.diagonal(), self.confusion.sum(axis=1)
        accuracy = wilson(int(hits.sum()), int(totals.sum()))
        return {
            "n": int(totals.sum()),
            "accuracy": accuracy._asdict() if accuracy else None,
            "recall": [float(hit / total) if total else None for hit, total in zip(hits, totals, strict=True)],
            "confusion": self.confusion.tolist(),
        }


def of_card(card: dict[str, Any]) -> dict[str, Any] | None:
    """A network's figures on the MNIST test set, as its card tells them; None where it has none."""
    measured = card.get("evaluation", {}).get("sets", {}).get("MNIST test")
    if not measured:
        return None
    return {
        "n": measured["n"],
        "accuracy": {"share": measured["accuracy"], "low": measured["low"], "high": measured["high"]},
        "recall": measured["recall"],
    }
