"""What is said of a network on a labelled set: accuracy with its interval, recall, confusion, calibration."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 15


class Interval(NamedTuple):
    """A share and its 95 % interval, 0..1."""

    share: float
    low: float
    high: float


def wilson(hits: int, total: int) -> Interval:
    """Wilson's score interval (1927), right also near 100 %, where accuracy lives."""
    from scipy.stats import binomtest

    interval = binomtest(hits, total).proportion_ci(method="wilson")
    return Interval(hits / total, interval.low, interval.high)


def calibration(probabilities: NDArray, labels: NDArray) -> tuple[float, list[dict]]:
    """Expected calibration error (Guo et al. 2017) in 15 equal bins, and the curve's points."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    curve, error = [], 0.0
    for k in range(BINS):
        chosen = bins == k
        if chosen.any():
            claimed, true = float(confidence[chosen].mean()), float(correct[chosen].mean())
            error += chosen.mean() * abs(claimed - true)
            curve.append({"confidence": round(claimed, 4), "accuracy": round(true, 4), "n": int(chosen.sum())})
    return float(error), curve


def measure(probabilities: NDArray, labels: NDArray, threshold: float) -> dict:
    """All figures of one set, ready for JSON.

    Args:
        probabilities: [n, 10].
        labels: [n], 0..9.
        threshold: largest probability under which the answer is "not sure".
    """
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    correct = predicted == labels
    accuracy = wilson(int(correct.sum()), len(labels))
    error, curve = calibration(probabilities, labels)
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (labels, predicted), 1)
    sure = confidence >= threshold
    return {
        "n": len(labels),
        "accuracy": round(accuracy.share, 5),
        "low": round(accuracy.low, 5),
        "high": round(accuracy.high, 5),
        "calibration_error": round(error, 5),
        "calibration_curve": curve,
        "coverage": round(float(sure.mean()), 5),
        "accuracy_when_sure": round(float(correct[sure].mean()), 5) if sure.any() else None,
        "recall": [round(float(r), 5) for r in confusion.diagonal() / np.maximum(confusion.sum(axis=1), 1)],
        "confusion": confusion.tolist(),
    }


def fit_temperature(logits: NDArray, labels: NDArray) -> float:
    """The temperature that makes the labels most likely (Guo et al. 2017, "On calibration of modern networks")."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    def negative_log_likelihood(log_temperature: float) -> float:
        return -log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(len(labels)), labels].mean()

    return float(np.exp(minimize_scalar(negative_log_likelihood, bounds=(-3, 3), method="bounded").x))
