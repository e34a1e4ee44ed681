"""Several processes that serve one address."""

import os
import signal
import time
import urllib.request
from pathlib import Path

import pytest

from tests.bad_inputs import JSON, pixels
from tests.live import LiveServer
from tests.raw_http import connect

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")


@pytest.fixture
def server(start_server) -> LiveServer:
    """A server of two processes."""
    server = start_server(DIGITS_PROCESSES="2")
    until(lambda: len(workers(server)) == 2)
    return server


def workers(server: LiveServer) -> set[int]:
    """The processes that serve."""
    pid = server.process.pid
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def until(condition, seconds: float = 30) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def predict(server: LiveServer) -> int:
    request = urllib.request.Request(f"{server.url}/api/predict", pixels(), {"Content-Type": JSON})
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
        connection.sendall(b"POST /api/predict HTTP/1.1\r\n")  # which must be waited for
        time.sleep(1)
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


def test_none_is_left_where_the_first_is_killed(server):
    children = workers(server)
    server.process.kill()
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
