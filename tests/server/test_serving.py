"""The server as a process: its start, its end, and what waitress itself refuses."""

import json
import shutil
import socket
import threading
import time
import urllib.request

import pytest

from server.settings import Settings
from tests.bad_inputs import JSON, pixels
from tests.live import LiveServer


def exchange(port: int, request: bytes) -> tuple[int, str, bytes]:
    """Send raw bytes; return the answer's status, media type and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers["content-type"], body


def chunked(content: bytes) -> bytes:
    """A chunked POST of JSON, in chunks of 500 bytes."""
    head = f"POST /api/predict HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nConnection: close\r\n"
    chunks = [content[i : i + 500] for i in range(0, len(content), 500)] + [b""]
    framed = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    return head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + framed


@pytest.fixture(scope="module")
def small():
    """A server with small limits."""
    server = LiveServer(DIGITS_MAX_UPLOAD_BYTES="4096", DIGITS_MAX_BODY_BYTES="4096", DIGITS_MAX_HEADER_BYTES="2048")
    yield server
    server.stop()


@pytest.mark.parametrize(("length", "status"), [(4096, 200), (4097, 413), (8000, 413), (2_000_000, 413)])
def test_a_chunked_body_is_never_cut_silently(small, length, status):
    answered, media_type, body = exchange(small.port, chunked(pixels().ljust(length)))
    assert answered == status, body
    if status != 200:
        assert media_type == "application/problem+json"
        assert json.loads(body)["status"] == status


@pytest.mark.parametrize(
    ("request_", "status", "word"),
    [
        (b"nonsense\r\n\r\n", 400, "HTTP"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "HTTP"),
        (b"POST /api/predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "HTTP"),
        (b"POST /api/predict HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "chunked"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 3000 + b"\r\n\r\n", 431, "headers"),
        (b"POST /api/predict HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413, "smaller"),
    ],
)
def test_what_is_refused_before_the_application_has_the_same_shape(small, request_, status, word):
    answered, media_type, body = exchange(small.port, request_)
    assert (answered, media_type) == (status, "application/problem+json")
    problem = json.loads(body)
    assert set(problem) == {"type", "title", "status", "detail"}
    assert word in problem["detail"]


def test_a_client_that_sends_on_after_a_refusal_still_gets_the_answer(small):
    head = f"POST /api/predict HTTP/1.1\r\nContent-Type: {JSON}\r\nContent-Length: 20000000\r\n\r\n"
    status, _, body = exchange(small.port, head.encode() + bytes(20_000_000))
    assert status == 413
    assert "smaller" in json.loads(body)["detail"]


def test_the_printed_address_answers_at_once(start_server):
    server = start_server()
    assert server.ready_line.startswith("Digit Lab is ready: http://127.0.0.1:")
    with urllib.request.urlopen(f"{server.url}/healthz") as response:
        assert json.load(response)["status"] == "ok"


def test_a_taken_port_is_said_in_a_sentence(start_server):
    port = start_server().port
    with pytest.raises(RuntimeError) as stopped:
        start_server(PORT=str(port))
    message = str(stopped.value)
    assert f"Digit Lab cannot start. 127.0.0.1 port {port} cannot be listened on" in message
    assert f"PORT={port + 1}" in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"PORT": "eighty"}, "PORT='eighty' is not a whole number"),
        ({"HOST": "999.1.1.1"}, "999.1.1.1 port 0 cannot be listened on"),
        ({"DIGITS_DIST": "/nowhere"}, "the page is not built"),
    ],
)
def test_a_start_that_must_fail_says_why(start_server, environ, sentence):
    with pytest.raises(RuntimeError) as stopped:
        start_server(**environ)
    assert sentence in str(stopped.value)
    assert "Traceback" not in str(stopped.value)


def test_a_damaged_model_stops_the_start_and_is_named(start_server, tmp_path):
    models = shutil.copytree(Settings.from_environment().models, tmp_path / "models")
    (models / "robust/model.tflite").write_bytes(b"")
    with pytest.raises(RuntimeError) as stopped:
        start_server(DIGITS_MODELS=str(models))
    assert "robust/model.tflite is damaged" in str(stopped.value)
    assert "Traceback" not in str(stopped.value)


def test_sigterm_ends_the_server_quietly_even_with_open_connections(start_server):
    server = start_server()
    with socket.create_connection(("127.0.0.1", server.port)) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in idle.recv(4096)
        start = time.monotonic()
        status, errors = server.stop()
    assert time.monotonic() - start < 10
    assert status == 0
    assert "Traceback" not in errors


def test_many_clients_at_once_are_all_answered(live_server):
    statuses: list[int] = []

    def ask() -> None:
        for _ in range(5):
            request = urllib.request.Request(f"{live_server}/api/predict", pixels(), {"Content-Type": JSON})
            with urllib.request.urlopen(request, timeout=30) as response:
                statuses.append(response.status)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 80
