"""Several processes that serve one address."""

import ctypes
import os
import signal
import urllib.request
from functools import partial
from pathlib import Path

import pytest

from tests.bad_inputs import FORM, JSON, PNG, form, pixels
from tests.live import LiveServer, until
from tests.raw_http import connect, post

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")

PR_SET_CHILD_SUBREAPER = 36
"""Of Linux's prctl: orphans below the process become its children, as they become those of the system's first."""


@pytest.fixture
def server(start_server) -> LiveServer:
    """A server of two processes."""
    server = start_server(DIGITS_PROCESSES="2")
    until(lambda: len(workers(server)) == 2)
    return server


def workers(server: LiveServer) -> set[int]:
    """The processes that serve."""
    commands = {child: told(Path(f"/proc/{child}/cmdline")) for child in children(server.process.pid)}
    return {child for child, command in commands.items() if command and "server.pictures" not in command}


def children(pid: int) -> set[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return {int(child) for thread in threads for child in told(thread / "children").split()}


def told(path: Path) -> str:
    """What the system tells of a process or a thread; nothing where it has ended since it was listed."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def predict(server: LiveServer, body: bytes | None = None, content_type: str = JSON) -> int:
    request = urllib.request.Request(f"{server.url}/api/predict", body or pixels(), {"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.status


def test_all_end_in_order_with_sigterm(server):
    assert {predict(server) for _ in range(10)} == {200}
    children = workers(server)
    status, errors = server.stop()
    assert status == 0
    assert "Traceback" not in errors
    assert not [child for child in children if Path(f"/proc/{child}").exists()]


def test_a_second_ctrl_c_ends_all_at_once(start_server):
    server = start_server(DIGITS_PROCESSES="2", DIGITS_DRAIN_SECONDS="600")
    until(lambda: len(workers(server)) == 2)
    children = workers(server)
    with connect(server.port) as connection:
        # It must be waited for, and is known to have come.
        connection.sendall(post("/api/predict", b"{}", JSON, Expect="100-continue")[:-2])
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        server.process.send_signal(signal.SIGINT)
        until(lambda: len(workers(server)) == 1)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(10) == 130
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


def test_one_that_is_lost_is_replaced(server):
    lost = min(workers(server))
    os.kill(lost, signal.SIGKILL)
    until(lambda: len(workers(server) - {lost}) == 2)
    assert {predict(server) for _ in range(10)} == {200}


def test_one_that_is_lost_is_replaced_where_the_server_is_the_system_s_first_process(start_server):
    # As in a container: the reading processes of one that is lost become the children of the first.
    adopt = partial(ctypes.CDLL(None).prctl, PR_SET_CHILD_SUBREAPER, 1)
    server = start_server(prepare=adopt, DIGITS_PROCESSES="2", DIGITS_READERS="1")
    until(lambda: len(workers(server)) == 2)
    lost = min(workers(server))
    # Each request is a connection, and goes to either.
    until(lambda: predict(server, form(PNG), FORM) == 200 and children(lost))
    os.kill(lost, signal.SIGKILL)
    until(lambda: len(workers(server) - {lost}) == 2)
    assert {predict(server) for _ in range(10)} == {200}
    status, errors = server.stop()
    assert (status, "Traceback" in errors) == (0, False)


def test_none_is_left_where_the_first_is_killed(server):
    children = workers(server)
    server.process.kill()
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
