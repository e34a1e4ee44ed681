"""What a student is asked for by its teachers, and the lessons that are kept for it."""

from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import log_softmax, rel_entr, softmax

from train import batches, distillation, lessons
from train.__main__ import main
from train.distillation import LABEL, TEMPERATURE, Distillation
from train.errors import DataError
from train.lessons import Lessons
from train.mnist import Mnist, Split
from train.networks import RECIPES
from train.synthesis import NO_DIGIT

RNG = np.random.default_rng(1)
LOGITS = RNG.normal(size=(6, 10)).astype(np.float32)
ONE_HOT = np.eye(10, dtype=np.float32)[[3, 1, 4, 1, 5, 9]]


def by_label(logits: np.ndarray) -> float:
    return float(-(ONE_HOT * log_softmax(logits, axis=1)).sum(axis=1).mean())


def test_the_loss_is_the_divergence_from_the_teachers_and_the_label_as_scipy_computes_them() -> None:
    said = softmax(RNG.normal(size=(6, 10)), axis=1).astype(np.float32)
    divergence = rel_entr(said, softmax(LOGITS / TEMPERATURE, axis=1)).sum(axis=1).mean()
    expected = (1 - LABEL) * TEMPERATURE**2 * divergence + LABEL * by_label(LOGITS)
    assert float(Distillation()(np.hstack([said, ONE_HOT]), LOGITS)) == pytest.approx(expected, rel=1e-5)


def test_a_student_that_says_what_its_teachers_say_is_only_asked_for_the_label() -> None:
    said = softmax(LOGITS / TEMPERATURE, axis=1)
    loss = float(Distillation()(np.hstack([said, ONE_HOT]), LOGITS))
    assert loss == pytest.approx(LABEL * by_label(LOGITS), rel=1e-4)


def test_without_teachers_the_loss_is_the_cross_entropy() -> None:
    assert float(Distillation()(ONE_HOT, LOGITS)) == pytest.approx(by_label(LOGITS), rel=1e-5)


def test_accuracy_goes_by_the_label_whatever_the_teachers_say() -> None:
    wrong = np.roll(ONE_HOT, 1, axis=1)
    hits = distillation.accuracy(keras.ops.convert_to_tensor(np.hstack([wrong, ONE_HOT])), ONE_HOT)
    np.testing.assert_array_equal(hits, np.ones(6))


# Lessons


def few(count: int, seed: int = 1) -> Split:
    rng = np.random.default_rng(seed)
    return Split(rng.integers(0, 256, (count, 28, 28)).astype(np.uint8), (np.arange(count) % 10).astype(np.uint8))


def test_the_teachers_that_ship_read_digits_and_say_no_more_than_probabilities(mnist_slice: Mnist) -> None:
    validation = mnist_slice.validation.first(400)
    said = lessons.teachers()(validation.pictures).astype(np.float32)
    np.testing.assert_allclose(said.sum(axis=1), 1.0, atol=5e-3)
    assert (said.argmax(axis=1) == validation.labels).mean() > 0.98


def test_lessons_are_the_same_when_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    def made() -> Lessons:
        return lessons.lessons(few(30), few(20, seed=2).pictures, 5, 2, tmp_path)

    first = made()
    [kept] = tmp_path.glob("*/*/30-seed5-pass01-*.npz")
    kept.unlink()
    for old, new in zip(first, made(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert first.images.shape == (60, 28, 28)
    assert first.said.shape == (60, 10)
    assert first.said_of_drawings.shape == (20, 10)
    assert not np.array_equal(first.images[:30], first.images[30:])  # each pass distorts anew


def test_the_teachers_words_go_with_the_pictures_they_are_about(tmp_path: Path) -> None:
    mnist, drawn, recipe = few(300), few(50, seed=2), RECIPES["robust"]
    taught = lessons.lessons(mnist, drawn.pictures, 5, 2, tmp_path)
    # Each picture bears its own mark, and so does what is said of it.
    marks = np.arange(len(taught.images)), 1000 + np.arange(len(drawn.pictures))
    for images, mark in zip((taught.images, drawn.pictures), marks, strict=True):
        images[:, 0, 0], images[:, 0, 1] = mark // 256, mark % 256
    said, said_of_drawings = (np.repeat(mark[:, None], 10, axis=1).astype(np.float16) for mark in marks)
    marked = Lessons(taught.images, said, said_of_drawings)
    steps = batches.steps_per_epoch(recipe, mnist, drawn)
    seen = []
    for images, targets in batches.training_batches(recipe, mnist, drawn, 1, range(2 * steps), lessons=marked):
        high, low = np.round(255 * images.numpy()[:, 0, :2, 0]).T
        np.testing.assert_array_equal(256 * high + low, targets[:, 0])
        labels = np.concatenate([mnist.labels, mnist.labels, np.zeros(400, np.uint8), drawn.labels])
        found = targets.numpy()[:, 10:].argmax(axis=1)
        np.testing.assert_array_equal(found, labels[targets.numpy()[:, 0].astype(int)])
        seen += [int(mark) for mark in targets[:, 0] if mark < 600]
    assert max(seen[: len(seen) // 2]) < 300 <= min(seen[len(seen) // 2 :])  # pass after pass
    assert len(set(seen)) == len(seen)


def test_what_is_no_digit_the_label_knows_better_than_the_teachers() -> None:
    mnist, recipe, sure = few(100), RECIPES["robust"], np.eye(10, dtype=np.float16)
    drawn = Split(few(40, seed=2).pictures, np.array([3, NO_DIGIT] * 20, np.uint8))
    taught = Lessons(mnist.pictures, sure[mnist.labels], sure[[3] * 40])
    [(_, targets)] = batches.training_batches(recipe, mnist, drawn, 1, range(1), lessons=taught)
    of_drawings = targets.numpy()[-round(recipe.batch * batches.DRAWN_SHARE) :]
    no_digit = np.isclose(of_drawings[:, 10:], 0.1).all(axis=1)
    assert 0 < no_digit.sum() < len(no_digit)
    np.testing.assert_allclose(of_drawings[no_digit, :10], 0.1)
    np.testing.assert_array_equal(of_drawings[~no_digit, 3], 1.0)


def test_a_checkout_without_teachers_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "TEACHERS", tmp_path)
    with pytest.raises(DataError, match="git checkout"):
        lessons.teachers()


@pytest.mark.usefixtures("mnist_slice")
def test_teachers_are_trained_and_then_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "teachers"
    trial = ["--limit", "200", "--drawings", "100", "--epochs", "1", "--out", str(out), "--work", str(tmp_path)]
    assert main(["teachers", *trial]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["deep.tflite", "wide.tflite"]
    monkeypatch.setattr(lessons, "TEACHERS", out)
    assert lessons.teachers()(few(3).pictures).shape == (3, 10)
