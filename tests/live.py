"""A real server in a process of its own, as `make run` starts it."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import psutil

from server.settings import ROOT

UNLIMITED = {"DIGITS_PREDICT_RATE": "0", "DIGITS_COMPARE_RATE": "0"}
"""All clients of a test or a benchmark have one address, and are no attack."""


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Wait for a condition, and fail where it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def ended(process: psutil.Process) -> bool:
    """Whether a process has ended, be it that nobody has asked for its status yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class LiveServer:
    """A running server.

    Args:
        root: the folder that holds the server.
        prepare: called in the server's process before it begins.
        environ: settings, e.g. `DIGITS_MAX_BODY_BYTES="2048"`; the port is any free one.

    Raises:
        RuntimeError: it did not start; the message is what it said.
    """

    def __init__(self, root: Path = ROOT, prepare: Callable[[], object] | None = None, **environ: str) -> None:
        # A file, because a pipe that nobody reads would fill up and hold the server.
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server"],
            cwd=root,
            preexec_fn=prepare,
            env={**os.environ, **UNLIMITED, "HOST": "127.0.0.1", "PORT": "0", **environ},
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        output: IO[str] = self.process.stdout  # type: ignore[assignment]
        self.ready_line = output.readline()
        if not self.ready_line:
            raise RuntimeError(self.stop()[1])
        match = re.search(r"http://[\d.]+:(\d+)", self.ready_line)
        assert match, self.ready_line
        self.url = match[0]
        self.port = int(match[1])

    def stop(self) -> tuple[int, str]:
        """End it with SIGTERM, where it still runs; return its exit status and what it wrote to stderr."""
        self.process.terminate()
        self.process.communicate(timeout=15)
        self.errors.seek(0)
        return self.process.returncode, self.errors.read()
