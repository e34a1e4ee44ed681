"""`python -m server.pictures.child BYTES`: reads files for `server.pictures.reader`, with at most that much memory."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, NoReturn

from server import pictures
from server.pictures import archive, wire
from server.problems import Problem

OPEN_FILES = 64
NICENESS = 10
"""Files are read with what time the server's own answers leave."""

Answer = tuple[dict[str, Any], list[bytes]]
"""The head and the parts of the body."""


def main() -> None:
    """Answer one message after the other until the input ends."""
    _limit(int(sys.argv[1]))
    # Loaded before the first file, whose time is counted.
    from server.pictures import raster  # noqa: F401

    # Whatever a library prints must not run into the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    wire.send(answers, "ready")
    while True:
        try:
            job, data = wire.receive(sys.stdin.buffer)
        except EOFError:
            return
        if job == wire.LOAD_PHOTOSHOP:
            from server.pictures import photoshop  # noqa: F401

            wire.send(answers, "ready")
            continue
        _answer(answers, job, data)
        del data


class Late(BaseException):
    """The time for a file is over; no decoder may take this for a damage of the file."""


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise `Late` in the block when its time is over; so the process, which is dear to start, lives on.

    Code that is not Python's cannot be interrupted so: the server ends the process then, or, where the server was
    killed, the second timer does.
    """
    if not hasattr(signal, "setitimer"):  # Windows: the server ends the process
        yield
        return
    signal.signal(signal.SIGALRM, _raise_late)
    signal.setitimer(signal.ITIMER_PROF, seconds + 2 * wire.GRACE_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)


def _raise_late(*_: object) -> NoReturn:
    raise Late


def _answer(answers: IO[bytes], job: dict[str, Any], data: bytes) -> None:
    try:
        with _time_limit(job["seconds"]):
            head, parts = _WORK[job["work"]](pictures.Limits(*job["limits"]), data, *job["arguments"])
    except Late:
        wire.send(answers, {"problem": wire.LATE})
    except Problem as problem:
        wire.send(answers, {"problem": type(problem).__name__, "message": problem.detail})
    except MemoryError:
        wire.send(answers, {"problem": wire.MEMORY})
        sys.exit(1)  # libraries may have been left half way
    else:
        wire.send(answers, head, *parts)


def _read(limits: pictures.Limits, data: bytes, layers: str, packing: list[Any] | None) -> Answer:
    if packing is not None:
        data = archive.unpacked(data, packing)
    if data.startswith(pictures.PHOTOSHOP) and "server.pictures.photoshop" not in sys.modules:
        return {"problem": wire.UNPREPARED}, []
    contents = pictures.read(data, "", limits, pictures.Layers(layers))
    head = {
        "pictures": [{"layer": picture.layer, "shape": picture.grey.shape} for picture in contents.pictures],
        "skipped": [{"layer": part.layer, "reason": part.reason} for part in contents.skipped],
    }
    return head, [picture.grey.tobytes() for picture in contents.pictures]


def _list(limits: pictures.Limits, tail: bytes, cut: int) -> Answer:
    return {}, [json.dumps(entry).encode() + b"\n" for entry in archive.directory(tail, cut, limits)]


_WORK: dict[str, Callable[..., Answer]] = {wire.READ: _read, wire.LIST: _list}


def _limit(max_bytes: int) -> None:
    """Bound this process's memory, and keep it from writing files, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the time limit and the limits on pixels remain
        return
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


if __name__ == "__main__":
    main()
