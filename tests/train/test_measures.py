"""Figures against cases worked out by hand."""

import numpy as np
import pytest

from train.measures import calibration, fit_temperature, measure, wilson


def test_wilsons_interval_of_8_in_10() -> None:
    share, low, high = wilson(8, 10)
    assert (share, low, high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)


def test_the_interval_of_no_miss_does_not_end_at_a_point() -> None:
    assert wilson(10_000, 10_000) == pytest.approx((1.0, 0.99962, 1.0), abs=1e-5)


def sure_of(digit: int, probability: float) -> np.ndarray:
    row = np.full(10, (1 - probability) / 9)
    row[digit] = probability
    return row


def test_claiming_90_percent_and_being_right_in_half_is_an_error_of_40_points() -> None:
    probabilities = np.stack([sure_of(3, 0.9)] * 4)
    error, curve = calibration(probabilities, np.array([3, 3, 1, 2]))
    assert error == pytest.approx(0.4)
    assert curve == [{"confidence": 0.9, "accuracy": 0.5, "n": 4}]


def test_measure_counts_what_a_person_would_count() -> None:
    probabilities = np.stack([sure_of(0, 0.99), sure_of(1, 0.99), sure_of(7, 0.6), sure_of(7, 0.9)])
    figures = measure(probabilities, np.array([0, 1, 1, 7]), threshold=0.7)
    assert figures["accuracy"] == 0.75
    assert figures["coverage"] == 0.75
    assert figures["accuracy_when_sure"] == 1.0
    assert figures["recall"][1] == 0.5
    assert figures["confusion"][1][7] == 1
    assert sum(map(sum, figures["confusion"])) == 4


def test_the_temperature_that_made_logits_too_sharp_is_found() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 10))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    assert fit_temperature(logits * 2.5, labels) == pytest.approx(2.5, rel=0.05)
