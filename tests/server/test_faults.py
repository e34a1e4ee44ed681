"""What a machine does to a server: full disks, swapped files, signals at any moment. Each on a real process."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from server.settings import ROOT, Settings
from tests.bad_inputs import FORM, PNG, form
from tests.live import LiveServer, ended, until
from tests.photoshop import slow
from tests.pictures import encode
from tests.raw_http import compare, connect, exchange, get, post, predict, receive

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of a running process are Linux's")


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    """The faults are done to the process that serves, and to its readers; test_workers.py is about several."""
    monkeypatch.setenv("DIGITS_PROCESSES", "1")


@pytest.fixture(scope="module")
def slow_file() -> bytes:
    """A Photoshop file that takes some seconds to read."""
    return slow(40)


def children(server: LiveServer) -> list[psutil.Process]:
    """The processes that read files for a server."""
    return psutil.Process(server.process.pid).children()


def ask_for_reading(server: LiveServer, request: bytes) -> socket.socket:
    """Send a request, and return its connection once a process reads its file."""
    exchange(server.port, predict(PNG))
    used = {child: sum(child.cpu_times()[:2]) for child in children(server)}

    def reading() -> bool:
        # A file that takes long gets another process after a while.
        return any(child not in used or sum(child.cpu_times()[:2]) > used[child] + 0.3 for child in children(server))

    connection = connect(server.port, 60)
    connection.sendall(request)
    until(reading)
    return connection


# Signals


def test_sigterm_ends_the_server_quietly_even_with_open_connections(start_server):
    server = start_server(DIGITS_DRAIN_SECONDS="600")  # it does not wait for that long
    with connect(server.port) as idle:
        idle.sendall(get(Connection="keep-alive"))
        assert b"200 OK" in idle.recv(4096)
        status, log = server.stop()
    assert status == 0
    assert "Traceback" not in log


def test_sigterm_finishes_what_is_in_work_and_takes_nothing_new(start_server):
    server = start_server(DIGITS_READERS="1", DIGITS_MAX_FILE_SECONDS="60", DIGITS_DRAIN_SECONDS="60")
    with ask_for_reading(server, compare(slow(10))) as connection:
        server.process.terminate()
        until(lambda: not accepts(server.port))
        answer = receive(connection)
    assert answer.status == 200
    assert len(json.loads(dechunked(answer.body))["pictures"]) == 10
    assert server.stop()[0] == 0


def test_what_takes_too_long_does_not_hold_the_end_up(start_server, slow_file):
    server = start_server(DIGITS_READERS="1", DIGITS_DRAIN_SECONDS="1")
    processes = children(server)
    with ask_for_reading(server, compare(*[slow_file] * 8)):
        processes = children(server)
        status, log = server.stop()
    assert status == 0
    assert "Ended with requests in work" in log
    until(lambda: not any(process.is_running() for process in processes))


def test_a_request_that_is_still_arriving_at_sigterm_is_answered(start_server):
    server = start_server()
    with sent(server, predict()[:-5]) as connection:
        server.process.terminate()
        until(lambda: not accepts(server.port))
        connection.sendall(predict()[-5:])
        assert receive(connection).status == 200
    assert server.stop()[0] == 0


def test_a_second_signal_ends_it_at_once(start_server, slow_file):
    server = start_server(DIGITS_READERS="1", DIGITS_DRAIN_SECONDS="600")
    with ask_for_reading(server, compare(*[slow_file] * 8)):
        server.process.send_signal(signal.SIGINT)
        until(lambda: not accepts(server.port))
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(5) == 130


def test_ctrl_c_is_told_to_the_shell(start_server):
    server = start_server()
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(10) == 130
    assert "Traceback" not in server.stop()[1]


def sent(server: LiveServer, request: bytes) -> socket.socket:
    """A connection over which a request, or a part of it, has arrived."""
    connection = connect(server.port)
    connection.sendall(request)
    exchange(server.port, get())  # read after what came before it
    return connection


MOMENTS = {
    "idle": lambda server, _: connect(server.port),
    "a kept connection": lambda server, _: sent(server, get(Connection="keep-alive")),
    "an upload half way": lambda server, _: sent(server, predict(bytes(2**20))[: 2**19]),
    "a comparison begun": lambda server, slow_file: ask_for_reading(server, compare(slow_file)),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_kill_9_leaves_nothing_that_stops_the_next_start(start_server, tmp_path, moment, slow_file):
    server = start_server(TMPDIR=str(tmp_path))
    with moment(server, slow_file):
        server.process.kill()
        server.process.wait()
    assert list(tmp_path.iterdir()) == []
    again = start_server(PORT=str(server.port), TMPDIR=str(tmp_path))
    assert exchange(again.port, predict(PNG)).status == 200


@pytest.mark.parametrize("moment", ["*.mo", "messages.mo"], ids=["it compiles", "it has compiled"])
def test_kill_9_while_it_starts_leaves_nothing_that_stops_the_next_start(start_server, tmp_path, moment):
    for name in ("server", "templates", "static/dist", "static/models"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.mo"))
    with subprocess.Popen(
        [sys.executable, "-m", "server"], cwd=tmp_path, env={**os.environ, "PORT": "0"}, stdout=subprocess.DEVNULL
    ) as process:
        while not list((tmp_path / "server/translations").rglob(moment)) and process.poll() is None:
            pass  # it is a moment
        process.kill()
    assert exchange(start_server(root=tmp_path).port, predict(PNG)).status == 200


@needs_linux
def test_kill_9_leaves_no_process_that_reads_on_for_ever(start_server, slow_file):
    server = start_server(DIGITS_READERS="1", DIGITS_MAX_FILE_SECONDS="1")
    with ask_for_reading(server, compare(slow_file)):
        [child] = children(server)
        server.process.kill()
        until(lambda: ended(child))


def accepts(port: int) -> bool:
    """Whether a server takes new connections."""
    try:
        connect(port).close()
    except ConnectionError:
        return False
    return True


def dechunked(body: bytes) -> bytes:
    """What a chunked body holds."""
    content = b""
    while body:
        length, _, body = body.partition(b"\r\n")
        content, body = content + body[: int(length, 16)], body[int(length, 16) + 2 :]
    return content


# A full disk


@pytest.fixture
def full_disk(start_server) -> Iterator[LiveServer]:
    """A server for which no file can grow beyond 100 kB."""
    import resource

    server = start_server()
    exchange(server.port, predict(PNG))
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    return server


@needs_linux
@pytest.mark.parametrize("field", ["picture", "files"])
def test_a_full_disk_refuses_large_uploads_in_words_and_small_ones_go_on(full_disk, field):
    path = "predict" if field == "picture" else "compare"
    large = encode(np.random.default_rng(0).integers(0, 256, (1200, 1200), np.uint8), "BMP")
    for _ in range(3):
        answer = exchange(full_disk.port, post(f"/api/{path}", form(large, field=field), FORM))
        assert answer.status == 507
        assert answer.headers["content-type"] == "application/problem+json"
        assert "disk" in json.loads(answer.body)["detail"]
        assert exchange(full_disk.port, predict(PNG)).status == 200
    _, log = full_disk.stop()
    assert "The disk is full" in log


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_no_room_for_the_log_does_not_matter():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen(
            [sys.executable, "-m", "server"], env={**os.environ, "PORT": str(port)}, stdout=full, stderr=full
        )
    try:
        until(lambda: accepts(port))
        requests = [predict(PNG), predict(b"x"), b"nonsense\r\n\r\n", predict()]
        assert [exchange(port, request).status for request in requests] == [200, 415, 400, 200]
    finally:
        process.terminate()
        assert process.wait(10) == 0


# Temporary data


@needs_linux
@pytest.mark.parametrize(
    "request_",
    [predict(bytes(2**20)), predict(bytes(2**20))[: 2**19], compare(*[bytes(2**19)] * 4), compare(PNG * 3000)],
    ids=["refused", "broken off", "compared", "a large file"],
)
def test_nothing_of_an_upload_stays(start_server, tmp_path, request_):
    server = start_server(TMPDIR=str(tmp_path), DIGITS_READERS="1")
    process = psutil.Process(server.process.pid)
    exchange(server.port, predict(PNG))
    before = process.num_fds()
    with connect(server.port) as connection:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            answer.read()
    until(lambda: process.num_fds() <= before)
    assert list(tmp_path.iterdir()) == []


# Models


@pytest.fixture
def models(tmp_path) -> Path:
    """A copy of the models, to be damaged."""
    return shutil.copytree(Settings.from_environment().models, tmp_path / "models")


def swap(path: Path) -> None:
    path.write_bytes(path.with_name("card.json").read_bytes())


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.tflite", swap),
        ("model.tflite", cut),
        ("model.tflite", Path.unlink),
        ("model.json", cut),
        ("group1-shard1of1.bin", cut),
    ],
)
def test_a_model_file_that_changes_later_turns_health_to_503_and_no_answer_wrong(start_server, models, name, damage):
    server = start_server(DIGITS_MODELS=str(models))
    right = exchange(server.port, predict()).body
    assert exchange(server.port, get()).status == 200
    original = (models / "robust" / name).read_bytes()
    damage(models / "robust" / name)
    answer = exchange(server.port, get())
    assert answer.status == 503
    assert "restore the files" in json.loads(answer.body)["detail"]
    assert str(models).encode() not in answer.body
    assert exchange(server.port, predict()).body == right
    (models / "robust" / name).write_bytes(original)
    assert exchange(server.port, get()).status == 200
    assert f"robust/{name}" in server.stop()[1]


def test_a_card_of_another_model_turns_health_to_503(start_server, models):
    server = start_server(DIGITS_MODELS=str(models))
    shutil.copy(models / "classic/card.json", models / "robust/card.json")
    assert exchange(server.port, get()).status == 503
