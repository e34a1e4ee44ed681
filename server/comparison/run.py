"""A comparison from beginning to end: files in, rows out, the summary last."""

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_all_start_methods, get_context

from flask import Flask, request

from server.comparison import Comparer, in_order
from server.comparison.rows import Row, of_event
from server.comparison.summary import summarized
from server.pictures import File, Layers
from server.pictures.reader import Reader
from server.usage import CHARGE
from server.workers import end_with_parent

HANDFUL, LARGE = 8, 2**20
FORK = "fork"
"""A forked process has the networks and MNIST at once, in the memory that it shares."""


def run(app: Flask, files: Iterable[File], layers: Layers = Layers.AUTO) -> Iterator[Row]:
    """Compare files, in the language of the current request; closing the generator stops the work."""
    app.extensions["mnist"].start()
    events = _comparer(app, layers).compare(files, app.config["SETTINGS"].readers)
    return _summarized(app, map(of_event, events))


def run_in_processes(app: Flask, files: Iterable[File], layers: Layers = Layers.AUTO) -> Iterator[Row]:
    """`run` in as many processes as files are read at once, for who does nothing beside it; MNIST is to be loaded.

    Raises:
        BrokenProcessPool: one of them was killed.
    """
    workers = app.config["SETTINGS"].readers
    if workers == 1 or FORK not in get_all_start_methods():
        return run(app, files, layers)
    alive, held = os.pipe()
    pool = ProcessPoolExecutor(workers, get_context(FORK), _begin, (app, layers, alive, held))
    return _summarized(app, in_order(_rows, _handfuls(files), pool, workers))


def _handfuls(files: Iterable[File]) -> Iterator[list[File]]:
    """Some files at a time, large ones alone: to hand over each by itself would take a tenth of the time."""
    handful: list[File] = []
    for file in files:
        handful.append(file)
        if len(handful) == HANDFUL or (isinstance(file.data, bytes) and len(file.data) > LARGE):
            yield handful
            handful = []
    yield handful


def _begin(app: Flask, layers: Layers, alive: int, held: int) -> None:
    """What a process does first. The request, and so the language, it has from the one that it was forked from.

    Where that one is killed, `alive` ends, since nobody else keeps `held` open, and this process with it.
    """
    global _own
    os.close(held)
    threading.Thread(target=end_with_parent, args=(alive,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the first process
    app.extensions["reader"] = Reader(replace(app.config["SETTINGS"], readers=1))
    _own = _comparer(app, layers)


_own: Comparer
"""Of this process."""


def _rows(files: list[File]) -> list[Row]:
    return [of_event(event) for event in _own.judge_files(files)]


def _comparer(app: Flask, layers: Layers) -> Comparer:
    reader, recognizers, mnist = (app.extensions[name] for name in ("reader", "recognizers", "mnist"))
    charge = request.environ.get(CHARGE)
    return Comparer(reader, recognizers, mnist.get, layers, request.remote_addr or "", charge)


def _summarized(app: Flask, rows: Iterator[Row]) -> Iterator[Row]:
    return summarized(rows, app.extensions["recognizers"], app.extensions["mnist"].figures)
