"""Reads files of strangers in processes of their own, with a limit on memory and on time.

A decoder that crashes, loops or swells takes its process with it and nothing else: the file is then "unreadable",
and the next file gets a new process.
"""

import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

import numpy as np

from server import problems
from server.messages import Message
from server.messages import message as _l
from server.pictures import Contents, Layers, Picture, Skipped, wire
from server.problems import PictureUnreadable, Problem
from server.settings import ROOT, Settings

START_SECONDS = 60
"""A machine that has just started may need long to load the decoders."""
INHERITED = ("LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
"""All that a reading process learns of the server's environment: no secrets."""


class _Child:
    """One reading process."""

    def __init__(self, max_bytes: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server.pictures.child", str(max_bytes)],
            cwd=ROOT,
            env={name: os.environ[name] for name in INHERITED if name in os.environ}
            | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.ask(START_SECONDS)

    def ask(self, seconds: float, *request: Any) -> tuple[Any, bytes]:
        """Send a request, if any, and wait for the answer.

        Raises:
            TimeoutError: it took longer than `seconds`; the process is killed.
            EOFError: the process died.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            if request:
                wire.send(self.process.stdin, *request)
            return wire.receive(self.process.stdout)
        except (EOFError, OSError, ValueError):
            self.stop()
            raise (TimeoutError if late.is_set() else EOFError) from None
        finally:
            timer.cancel()

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        with suppress(OSError):
            self.process.communicate()


class Reader:
    """`server.pictures.read` in other processes; any number of threads may call it at once.

    Args:
        settings: `readers` processes at most, each with `max_reader_bytes`; `max_file_seconds` for each file.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(settings.readers):
            self._idle.put(None)  # started when it is needed

    def read(self, data: bytes, name: str, layers: Layers = Layers.FLAT) -> Contents:
        """Read the pictures of one file; see `server.pictures.read`.

        Raises:
            Problem: as `server.pictures.read`; also where the file costs too much memory or time.
        """
        child = self._idle.get()
        try:
            if child is None or not child.alive():
                child = _Child(self._settings.max_reader_bytes)
            job = {"max_pixels": self._settings.max_pixels, "layers": layers}
            head, body = child.ask(self._settings.max_file_seconds, job, data)
            if head.get("problem") == wire.MEMORY:
                raise EOFError
        except TimeoutError:
            child = None
            raise PictureUnreadable(
                _l(
                    "Reading the file took longer than %(number)d seconds. Save it smaller or with fewer layers.",
                    number=self._settings.max_file_seconds,
                )
            ) from None
        except EOFError:
            child = None
            raise _too_much_memory() from None
        finally:
            self._idle.put(child)
        if "problem" in head:
            raise _problem(head)
        return _contents(head, body, name)

    def close(self) -> None:
        """End the processes, each when its file is read; new ones start when something is read after all."""
        children = [self._idle.get() for _ in range(self._settings.readers)]
        for child in children:
            if child:
                child.stop()
            self._idle.put(None)


def _contents(head: dict[str, Any], body: bytes, name: str) -> Contents:
    greys = np.frombuffer(body, np.uint8)
    pictures, start = [], 0
    for item in head["pictures"]:
        height, width = item["shape"]
        pictures.append(Picture(name, greys[start : start + height * width].reshape(height, width), item["layer"]))
        start += height * width
    return Contents(pictures, [Skipped(name, item["layer"], Message(*item["reason"])) for item in head["skipped"]])


def _problem(head: dict[str, Any]) -> Problem:
    # Not by the class's own constructor, which makes the message from what the child knew and this side doesn't.
    problem: Problem = Problem.__new__(getattr(problems, head["problem"]))
    Problem.__init__(problem, Message(*head["message"]))
    return problem


def _too_much_memory() -> PictureUnreadable:
    return PictureUnreadable(
        _l("Reading the file needs more memory than the server gives to one. Save it smaller or with fewer layers.")
    )
