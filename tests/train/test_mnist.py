"""Loading MNIST: the right arrays, or a sentence that says what is wrong."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from train import mnist
from train.errors import DataError


def arrays(**changed: np.ndarray) -> dict[str, np.ndarray]:
    """A small file in Keras's form."""
    good = {
        "x_train": np.zeros((10, 28, 28), np.uint8),
        "y_train": np.arange(10, dtype=np.uint8),
        "x_test": np.zeros((3, 28, 28), np.uint8),
        "y_test": np.array([0, 9, 5], np.uint8),
    }
    return {key: value for key, value in {**good, **changed}.items() if value is not None}


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that MNIST_NPZ names; not there yet."""
    path = tmp_path / "mnist.npz"
    monkeypatch.setenv("MNIST_NPZ", str(path))
    return path


@pytest.mark.parametrize(("count", "split"), [(60_000, [56_000, 4000, 3]), (500, [450, 50, 3])])
def test_the_named_file_is_split_into_training_validation_and_test(named: Path, count: int, split: list[int]) -> None:
    np.savez_compressed(named, **arrays(x_train=np.zeros((count, 28, 28), np.uint8), y_train=np.zeros(count, np.uint8)))
    assert [len(part.labels) for part in mnist.load()] == split


def test_the_digest_is_the_contents_not_the_files(named: Path) -> None:
    np.savez(named, **arrays())
    plain = mnist.load().test.digest()
    np.savez_compressed(named, **arrays())
    assert mnist.load().test.digest() == plain


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"x_train": np.zeros((10, 27, 28), np.uint8)}, "must be uint8"),
        ({"x_train": np.zeros((10, 784), np.uint8)}, "must be uint8"),
        ({"x_test": np.zeros((3, 28, 28), np.float32)}, "must be uint8"),
        ({"y_test": np.array([0, 1, 10])}, "0 to 9"),
        ({"y_test": np.array([0, 1, -1])}, "0 to 9"),
        ({"y_test": np.array([0.0, 1.0, 2.0])}, "0 to 9"),
        ({"y_train": np.zeros(9, np.uint8)}, "as many labels"),
        ({"y_train": np.zeros((10, 10), np.uint8)}, "as many labels"),
        ({"x_test": np.zeros((0, 28, 28), np.uint8), "y_test": np.zeros(0, np.uint8)}, "no pictures"),
        ({"x_train": np.zeros((9, 28, 28), np.uint8), "y_train": np.zeros(9, np.uint8)}, "at least ten"),
        ({"y_train": None}, "has no y_train\\. It needs"),
        ({"y_train": np.array([None] * 10)}, "cannot be read"),
    ],
)
def test_a_wrong_array_is_named(named: Path, changed: dict, words: str) -> None:
    np.savez(named, **arrays(**changed))
    with pytest.raises(DataError, match=words):
        mnist.load()


def test_a_missing_file_is_named(named: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        mnist.load()


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "flipped"])
def test_a_damaged_file_is_named(named: Path, damage: str) -> None:
    np.savez(named, **arrays(x_train=np.random.default_rng(0).integers(0, 256, (10, 28, 28)).astype(np.uint8)))
    whole = named.read_bytes()
    flipped = bytearray(whole)
    flipped[500] ^= 255
    named.write_bytes({"cut": whole[:900], "text": b"hello", "empty": b"", "flipped": bytes(flipped)}[damage])
    with pytest.raises(DataError, match="cannot be read"):
        mnist.load()


def test_whatever_byte_is_wrong_the_file_is_read_or_named(named: Path) -> None:
    np.savez_compressed(named, **arrays())
    whole = named.read_bytes()
    rng = np.random.default_rng(4)
    for at in rng.permutation(len(whole))[:400]:
        flipped = bytearray(whole)
        flipped[at] ^= int(rng.integers(1, 256))
        named.write_bytes(flipped)
        with suppress(DataError):  # some bytes decide nothing
            mnist.load()
