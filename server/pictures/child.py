"""`python -m server.pictures.child BYTES`: reads files for `server.pictures.reader`, with at most that much memory."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, NoReturn

from server import pictures
from server.pictures import wire
from server.problems import Problem

OPEN_FILES = 64
NICENESS = 10
"""Files are read with what time the server's own answers leave."""


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
            contents = pictures.read(data, "", pictures.Limits(*job["limits"]), pictures.Layers(job["layers"]))
    except Late:
        wire.send(answers, {"problem": wire.LATE})
    except Problem as problem:
        wire.send(answers, {"problem": type(problem).__name__, "message": problem.detail})
    except MemoryError:
        wire.send(answers, {"problem": wire.MEMORY})
        sys.exit(1)  # libraries may have been left half way
    else:
        head = {
            "pictures": [{"layer": picture.layer, "shape": picture.grey.shape} for picture in contents.pictures],
            "skipped": [{"layer": part.layer, "reason": part.reason} for part in contents.skipped],
        }
        wire.send(answers, head, *(picture.grey.tobytes() for picture in contents.pictures))


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
