"""A comparison from beginning to end: files in, rows out, the summary last."""

from collections.abc import Iterable, Iterator

from flask import Flask, request

from server.comparison import Comparer
from server.comparison.rows import Row, of_event
from server.comparison.summary import summarized
from server.pictures import File, Layers


def run(app: Flask, files: Iterable[File], layers: Layers = Layers.AUTO) -> Iterator[Row]:
    """Compare files, in the language of the current request; closing the generator stops the work."""
    mnist, recognizers = app.extensions["mnist"], app.extensions["recognizers"]
    mnist.start()
    comparer = Comparer(app.extensions["reader"], recognizers, mnist.get, layers, request.remote_addr or "")
    events = comparer.compare(files, app.config["SETTINGS"].readers)
    yield from summarized(map(of_event, events), recognizers, mnist.figures)
