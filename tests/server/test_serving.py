"""The server as a process: its start, its end, and what waitress itself refuses."""

import json
import shutil
import socket
import threading
import time
import urllib.request
from contextlib import ExitStack, suppress
from types import SimpleNamespace

import numpy as np
import pytest

from server.serving import Server
from server.settings import Settings
from tests.bad_inputs import FORM, JSON, PNG, pixels
from tests.live import LiveServer, until
from tests.pictures import encode
from tests.raw_http import Answer, compare, connect, exchange, get, post, predict, receive


def chunked(content: bytes) -> bytes:
    """A chunked POST of JSON, in chunks of 500 bytes."""
    head = f"POST /api/predict HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nConnection: close\r\n"
    chunks = [content[i : i + 500] for i in range(0, len(content), 500)] + [b""]
    framed = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    return head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + framed


def problem_of(answer: Answer) -> dict:
    """The problem that an answer tells of, in the shape of all others."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert set(problem) == {"type", "title", "status", "detail"}
    return problem


@pytest.fixture(scope="module")
def small():
    """A server with small limits."""
    server = LiveServer(DIGITS_MAX_UPLOAD_BYTES="4096", DIGITS_MAX_BODY_BYTES="4096", DIGITS_MAX_HEADER_BYTES="2048")
    yield server
    server.stop()


@pytest.mark.parametrize(("length", "status"), [(4096, 200), (4097, 413), (8000, 413), (2_000_000, 413)])
def test_a_chunked_body_is_never_cut_silently(small, length, status):
    answer = exchange(small.port, chunked(pixels().ljust(length)))
    assert answer.status == status, answer.body
    if status != 200:
        assert problem_of(answer)["status"] == status


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
    answer = exchange(small.port, request_)
    assert answer.status == status
    assert word in problem_of(answer)["detail"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]


def test_a_client_that_sends_on_after_a_refusal_still_gets_the_answer(small):
    head = f"POST /api/predict HTTP/1.1\r\nContent-Type: {JSON}\r\nContent-Length: 20000000\r\n\r\n"
    answer = exchange(small.port, head.encode() + bytes(20_000_000))
    assert answer.status == 413
    assert "smaller" in problem_of(answer)["detail"]


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


# Slow clients


@pytest.fixture(scope="module")
def impatient():
    """A server that waits a second for slow clients."""
    server = LiveServer(DIGITS_SLOW_SECONDS="1", DIGITS_MIN_BYTES_PER_SECOND="100000")
    yield server
    server.stop()


@pytest.mark.parametrize("piece", [b"GET / HTTP/1.1\r\nX: ", predict()[:-10]], ids=["head", "body"])
def test_a_request_that_trickles_in_is_refused(impatient, piece):
    with connect(impatient.port) as connection:
        connection.sendall(piece)
        connection.settimeout(0.3)
        start = time.monotonic()
        while time.monotonic() - start < 15:
            connection.sendall(b"x")
            with suppress(TimeoutError):
                if first := connection.recv(1, socket.MSG_PEEK):
                    break
        connection.settimeout(10)
        assert first
        answer = receive(connection)
    assert answer.status == 408
    assert "too long" in problem_of(answer)["detail"]
    assert exchange(impatient.port, predict()).status == 200


def test_a_large_request_has_the_time_that_its_size_needs(impatient):
    request = predict(encode(np.zeros((2000, 2000), np.uint8), "BMP"))  # 4 MB: 40 seconds more
    half = len(request) // 2
    with connect(impatient.port) as connection:
        connection.sendall(request[:half])
        time.sleep(1.5)
        connection.sendall(request[half:])
        assert receive(connection).status == 200


def test_a_client_that_does_not_take_its_answer_holds_nothing(start_server):
    server = start_server(
        DIGITS_PROCESSES="1", DIGITS_UPLOAD_THREADS="1", DIGITS_SLOW_SECONDS="1", DIGITS_MIN_BYTES_PER_SECOND="1000000"
    )
    noise = np.random.default_rng(1).integers(0, 256, (96, 96), np.uint8)
    with connect(server.port) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(compare(*[encode(noise)] * 600))  # answered by more than the system keeps for who does not listen
        deaf.recv(1, socket.MSG_PEEK)  # the answer has begun
        with connect(server.port, 60) as other:
            other.sendall(predict(PNG))
            # Its one thread is free again although nobody took what it had to say.
            assert receive(other).status == 200


# Addresses that lead elsewhere, or nowhere


@pytest.mark.parametrize("host", ["a..b", ".", "a" * 64])
@pytest.mark.parametrize(("path", "kind"), [("/", "text/html"), ("/api/predict", "application/problem+json")])
def test_a_host_that_cannot_be_is_refused(live_server, host, path, kind):
    answer = exchange(int(live_server.rsplit(":", 1)[1]), get(path, Host=host))
    assert answer.status == 400
    assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    "address", ["//evil.example/", "/\\evil.example", "/%2f/evil.example/", "http://evil.example/"]
)
def test_choosing_a_language_never_leads_elsewhere(live_server, address):
    answer = exchange(int(live_server.rsplit(":", 1)[1]), get(f"{address}?lang=ru"))
    assert (answer.status, answer.headers.get("location")) in [(404, None), (302, "/")]


# More clients than the server has room for


@pytest.mark.parametrize(("path", "status"), [("/api/predict", 413), ("/nothing", 413), ("/api/compare", 400)])
def test_a_body_that_is_too_large_for_its_path_is_refused_before_it_is_kept(start_server, path, status):
    server = start_server(DIGITS_MAX_BODY_BYTES="4096", DIGITS_MAX_UPLOAD_BYTES="1000000")
    request = post(path, bytes(50_000), FORM)
    with connect(server.port) as connection:
        connection.sendall(request[:1000])  # little of it has come when it is refused
        if status != 413:
            connection.sendall(request[1000:])
        answer = receive(connection)
    assert answer.status == status
    assert problem_of(answer)["status"] == status


def test_requests_that_never_end_make_room_for_those_of_others(start_server):
    server = start_server(DIGITS_PROCESSES="1", DIGITS_MAX_CONNECTIONS="10", DIGITS_SLOW_SECONDS="600")
    with ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(connect(server.port)).sendall(b"G")
        for _ in range(3):
            assert exchange(server.port, predict()).status == 200


def test_one_client_s_requests_with_files_leave_threads_for_those_of_others(start_server):
    server = start_server(
        DIGITS_PROCESSES="1", DIGITS_UPLOAD_THREADS="3", DIGITS_TRUSTED_PROXY="127.0.0.1", DIGITS_SLOW_SECONDS="600"
    )
    noise = encode(np.random.default_rng(1).integers(0, 256, (96, 96), np.uint8))
    with ExitStack() as stack:
        for _ in range(3):  # answers that nobody takes, each more than the system keeps
            deaf = stack.enter_context(connect(server.port, 60))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.sendall(compare(*[noise] * 600, X_Forwarded_For="10.0.0.1"))
            deaf.recv(1, socket.MSG_PEEK)  # it has begun
        other = stack.enter_context(connect(server.port, 60))
        other.sendall(predict(PNG, X_Forwarded_For="10.0.0.2"))
        assert receive(other).status == 200


def test_connections_without_a_request_make_room_for_others(start_server):
    server = start_server(DIGITS_PROCESSES="1", DIGITS_MAX_CONNECTIONS="10")
    silent = [connect(server.port) for _ in range(30)]
    assert exchange(server.port, predict()).status == 200
    for connection in silent:
        connection.close()


def test_what_the_queue_has_no_room_for_is_told_to_come_again(start_server):
    server = start_server(DIGITS_PROCESSES="1", DIGITS_UPLOAD_THREADS="1", DIGITS_MAX_QUEUE="2", DIGITS_READERS="1")
    exchange(server.port, compare())  # the reading process runs
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(server.port, 60)) for _ in range(12)]
        for connection in connections:
            connection.sendall(compare(*[PNG] * 100))
        answers = [receive(connection) for connection in connections]
    refused = [answer for answer in answers if answer.status == 503]
    assert {answer.status for answer in answers} == {200, 503}
    assert len(refused) >= 5
    for answer in refused:
        assert int(answer.headers["retry-after"]) >= 1
        assert "Retry-After" in problem_of(answer)["detail"]
    assert exchange(server.port, predict()).status == 200


def test_what_takes_no_time_does_not_wait_for_files(start_server):
    server = start_server(DIGITS_PROCESSES="1", DIGITS_UPLOAD_THREADS="1", DIGITS_READERS="1")
    with connect(server.port, 60) as busy:
        busy.sendall(compare(*[PNG] * 300))
        busy.recv(1)
        with connect(server.port, 60) as waiting:
            waiting.sendall(predict(PNG))
            for request in (get("/"), predict()):
                assert exchange(server.port, request).status == 200
            waiting.setblocking(False)
            with pytest.raises(BlockingIOError):
                waiting.recv(1)


# Proxies


@pytest.mark.parametrize(
    ("trusted", "client"),
    [("", "127.0.0.1"), ("10.9.9.9", "127.0.0.1"), ("127.0.0.1", "10.0.0.7"), ("*", "10.0.0.7")],
)
def test_only_a_proxy_that_is_named_may_say_whose_request_it_is(start_server, trusted, client):
    server = start_server(DIGITS_TRUSTED_PROXY=trusted)
    answer = exchange(server.port, get(X_Forwarded_For="10.0.0.3, 10.0.0.7", X_Forwarded_Proto="https"))
    assert ("strict-transport-security" in answer.headers) == (client == "10.0.0.7")
    _, log = server.stop()
    [line] = [json.loads(line) for line in log.splitlines() if answer.headers["x-request-id"] in line]
    assert line["client"] == client


def test_behind_a_proxy_each_client_has_a_rate_of_its_own(start_server):
    server = start_server(DIGITS_PROCESSES="1", DIGITS_TRUSTED_PROXY="127.0.0.1", DIGITS_PREDICT_RATE="2")

    def ask(client: str) -> int:
        return exchange(server.port, predict(X_Forwarded_For=client)).status

    for client in ("10.0.0.1", "10.0.0.2"):
        assert ask(client) == 200
        until(lambda client=client: ask(client) == 429)  # a minute may begin in between


# Clients who use much


@pytest.mark.parametrize(("client", "at_once"), [("10.0.0.1", 1), ("10.0.0.2", 4)], ids=["used much", "used little"])
def test_who_used_much_while_others_are_here_is_answered_one_by_one(app, client, at_once):
    server = Server(app, Settings(trusted_proxy="127.0.0.1", threads=4), socket.create_server(("127.0.0.1", 0)))
    running, most, expected, done, changed = 0, 0, 1, threading.Semaphore(0), threading.Condition()

    def service() -> None:
        nonlocal running, most
        with changed:
            running += 1
            most = max(most, running)
            changed.notify_all()
            changed.wait_for(lambda: most >= expected, 10)
        time.sleep(0.1)  # in which one too many would come
        with changed:
            running -= 1
        done.release()

    def ask(address: str) -> None:
        request = SimpleNamespace(headers={"X_FORWARDED_FOR": f"1.2.3.4, {address}"}, path="/")
        server.add_task(SimpleNamespace(addr=("127.0.0.1", 1), requests=[request], service=service))

    server.charge("10.0.0.1", 10)
    ask("10.0.0.3")
    assert done.acquire(timeout=10)
    expected = at_once
    for _ in range(6):
        ask(client)
    assert all(done.acquire(timeout=10) for _ in range(6))
    assert most == at_once
    server.close()
