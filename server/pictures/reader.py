"""Reads files of strangers in processes of their own, with a limit on memory and on time.

A decoder that crashes, loops or swells takes its process with it and nothing else: the file is then "unreadable",
and the next file gets a new process.
"""

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import numpy as np

from server import problems
from server.messages import Message
from server.messages import message as _l
from server.pictures import Contents, File, Layers, Limits, Picture, Skipped, archive, wire
from server.pictures.turns import LITTLE, Turns
from server.problems import NoReader, PictureUnreadable, Problem
from server.settings import ROOT, Settings

START_SECONDS = 60
"""A machine that has just started may need long to load the decoders."""
INHERITED = ("LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
"""All that a reading process learns of the server's environment: no secrets."""
WATCH_SECONDS = 0.2
"""How often it is looked for processes that are late: one thread for all, since a timer for each file would take
longer than reading a small one."""
NEVER = float("inf")


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
            # Ctrl-C in a terminal is for the command, which ends them when what was begun is read.
            process_group=0,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._lock = threading.Lock()
        self._deadline = NEVER
        self._late = False

    def ask(self, seconds: float, *request: Any) -> tuple[Any, bytes]:
        """Send a request, if any, and wait for the answer.

        Raises:
            TimeoutError: it took longer than `seconds`; the process is killed.
            EOFError: the process died.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self._lock:
            self._deadline = time.monotonic() + seconds
        try:
            if request:
                wire.send(self.process.stdin, *request)
            return wire.receive(self.process.stdout)
        except (EOFError, OSError, ValueError):
            self.stop()
            raise (TimeoutError if self._late else EOFError) from None
        finally:
            with self._lock:
                self._deadline = NEVER

    def stop_if_late(self) -> None:
        """End the process where its answer is overdue."""
        with self._lock:
            if time.monotonic() > self._deadline:
                self._late = True
                self.process.kill()

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
        settings: `readers` processes, and one more for those who use little, each with `max_reader_bytes`;
            `max_file_seconds` for each file.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.limits = Limits(*(getattr(settings, name) for name in Limits._fields))
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        self._turns = Turns(settings.readers)
        for _ in range(settings.readers + 1):
            self._idle.put(None)  # started when it is needed
        self._running: list[_Child] = []
        self._watcher: threading.Thread | None = None
        self._lock = threading.Lock()

    def read(
        self,
        data: bytes,
        name: str,
        layers: Layers = Layers.FLAT,
        client: str = "",
        packing: list[Any] | None = None,
    ) -> Contents:
        """Read the pictures of one file; see `server.pictures.read`.

        Args:
            data, name, layers: as there.
            client: whose file it is; where many wait, those who used least go first.
            packing: of a file in a ZIP, as `entries` gives it.

        Raises:
            Problem: as `server.pictures.read`; also where the file costs too much memory or time, or no process
                can be started.
        """
        parts = [data] if packing is None else [data, archive.NOTHING]
        head, body = self._ask(client, wire.READ, [layers, packing], *parts)
        return _contents(head, body, name)

    def entries(self, file: IO[bytes], client: str = "") -> Iterator[File]:
        """The files in a ZIP, in its order; those that are not read come with the reason instead.

        A reading process lists them from the ZIP's end; each is taken out of it, still packed, when it is its turn.

        Raises:
            Problem: it is no ZIP, damaged, or has more entries than are read; also as `read`.
        """
        for line in self._directory(file, client).splitlines():
            entry = archive.Entry(*json.loads(line))
            if entry.problem:
                yield File(entry.name, PictureUnreadable(Message(*entry.problem)))
            else:
                file.seek(entry.start)
                yield File(entry.name, file.read(entry.length), entry.packing)

    def count(self, file: IO[bytes]) -> int:
        """How many files `entries` is going to give. Raises as it does."""
        return self._directory(file, "").count(b"\n")

    def _directory(self, file: IO[bytes], client: str) -> bytes:
        """A ZIP's entries as JSON, each in a line: many, so they are parsed one by one."""
        cut = max(0, file.seek(0, os.SEEK_END) - archive.tail_bytes(self.limits))
        file.seek(cut)
        return self._ask(client, wire.LIST, [cut], file.read())[1]

    def _ask(self, client: str, work: str, arguments: list[Any], *data: bytes) -> tuple[Any, bytes]:
        limit = self._settings.max_file_seconds
        long = limit <= LITTLE
        while True:
            try:
                with self._turns.take(client, long) as (long, begin), self._child() as child:
                    begin()
                    seconds = limit if long else LITTLE
                    job = {"work": work, "arguments": arguments, "limits": self.limits, "seconds": seconds}
                    head, body = child.ask(seconds + wire.GRACE_SECONDS, job, *data)
                    if head.get("problem") == wire.UNPREPARED:
                        _prepare(child, wire.LOAD_PHOTOSHOP)
                        begin()
                        head, body = child.ask(seconds + wire.GRACE_SECONDS, job, *data)
                    match head.get("problem"):
                        case None:
                            return head, body
                        case wire.LATE:
                            raise TimeoutError
                        case wire.MEMORY:
                            child.stop()
                            raise EOFError
                        case _:
                            raise _problem(head)
            except TimeoutError:
                if long:
                    raise _too_slow(limit) from None
            except EOFError:
                raise _too_much_memory() from None  # which is what most decoders crash for
            long = True

    @contextmanager
    def _child(self) -> Iterator[_Child]:
        """A process that waits for work. Where it ends meanwhile, another is started, and this turn pays for it."""
        child = self._idle.get()
        try:
            if child is None or not child.alive():
                child = None
                child = self._start()
            yield child
        finally:
            if child and not child.alive():
                child = None
                with suppress(NoReader):
                    child = self._start()
            self._idle.put(child)

    def _start(self) -> _Child:
        try:
            child = _Child(self._settings.max_reader_bytes)
        except OSError:  # too many processes, or no memory for one more
            raise NoReader from None
        with self._lock:
            self._running.append(child)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="reader", daemon=True)
                self._watcher.start()
        _prepare(child)
        return child

    def _watch(self) -> None:
        """End late processes for as long as there are any."""
        while True:
            with self._lock:
                self._running = [child for child in self._running if child.alive()]
                if not self._running:
                    self._watcher = None
                    return
            for child in self._running:
                child.stop_if_late()
            time.sleep(WATCH_SECONDS)

    def close(self) -> None:
        """End the processes, each when its file is read; new ones start when something is read after all."""
        children = [self._idle.get() for _ in range(self._settings.readers + 1)]
        for child in children:
            if child:
                child.stop()
            self._idle.put(None)


def _prepare(child: _Child, *request: Any) -> None:
    """Let a process load what it reads with. Where it cannot, no file is to blame."""
    try:
        child.ask(START_SECONDS, *request)
    except (EOFError, TimeoutError):
        logging.getLogger(__name__).error("A reading process cannot load its decoders")
        raise NoReader from None


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


def _too_slow(seconds: int) -> PictureUnreadable:
    return PictureUnreadable(
        _l(
            "Reading the file took longer than %(number)d seconds. Save it smaller or with fewer layers.",
            number=seconds,
        )
    )


def _too_much_memory() -> PictureUnreadable:
    return PictureUnreadable(
        _l("Reading the file needs more memory than the server gives to one. Save it smaller or with fewer layers.")
    )
