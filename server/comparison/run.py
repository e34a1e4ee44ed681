"""A comparison from beginning to end: files in, rows out, the summary last."""

from collections.abc import Iterable, Iterator

from flask import Flask

from server.comparison import Comparer
from server.comparison.mnist import Loading
from server.comparison.rows import Row, of_event
from server.comparison.summary import summarized
from server.pictures import Layers
from server.pictures.archive import File
from server.settings import Settings

MNIST_SECONDS = 5
"""How long a comparison waits for MNIST; reading it from the disk takes a second."""


def run(
    app: Flask, files: Iterable[File], layers: Layers = Layers.AUTO, mnist_seconds: float = MNIST_SECONDS
) -> Iterator[Row]:
    """Compare files, in the language of the current request; closing the generator stops the work."""
    settings: Settings = app.config["SETTINGS"]
    loading: Loading = app.extensions["mnist"]
    mnist = loading.get(mnist_seconds)
    recognizers = app.extensions["recognizers"]
    comparer = Comparer(app.extensions["reader"], recognizers, mnist, layers)
    events = comparer.compare(files, settings.readers)
    yield from summarized(map(of_event, events), recognizers, mnist is not None)
