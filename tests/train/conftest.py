"""What the tests of training share."""

import pytest

from train import mnist
from train.errors import DataError


@pytest.fixture(scope="session")
def mnist_slice() -> mnist.Mnist:
    """MNIST, or a skipped test where it is neither named nor to be had."""
    try:
        return mnist.load()
    except DataError as error:
        pytest.skip(str(error))
