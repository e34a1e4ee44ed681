"""The log: lines of JSON that nothing in a request can forge, and that tell nothing of the pictures."""

import base64
import json
import logging
import urllib.request
from io import BytesIO, StringIO

import pytest

from server.logs import JsonLines
from tests.pictures import encode, seven


@pytest.fixture
def lines(caplog):
    """The lines that were logged so far."""
    caplog.set_level(logging.INFO)
    handler = logging.StreamHandler(StringIO())
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield lambda: handler.stream.getvalue().splitlines()
    logging.getLogger().removeHandler(handler)


def test_every_request_is_one_line_with_the_id_that_its_answer_carries(client, lines):
    response = client.get("/healthz?secret=1", environ_base={"REMOTE_ADDR": "10.0.0.9"})
    [line] = [json.loads(line) for line in lines()]
    assert line["request"] == response.headers["X-Request-ID"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/healthz", 200)
    assert (line["level"], line["client"]) == ("info", "10.0.0.9")
    assert line["ms"] >= 0
    assert line["time"].endswith("Z")
    assert "secret" not in str(line)


def test_an_answer_that_is_streamed_is_logged_when_it_is_complete(client, lines):
    data = {"files": (BytesIO(encode(seven())), "7.png")}
    response = client.post("/api/compare", data=data)
    began = lines()
    assert response.get_json()["summary"]["pictures"] == 1
    response.close()
    assert not began
    [line] = [json.loads(line) for line in lines()]
    assert (line["path"], line["status"], line["request"]) == ("/api/compare", 200, response.headers["X-Request-ID"])


def test_each_request_has_an_id_of_its_own_and_never_the_clients(client):
    ids = {client.get("/healthz", headers={"X-Request-ID": "mine"}).headers["X-Request-ID"] for _ in range(5)}
    assert len(ids) == 5
    assert "mine" not in ids


def test_a_fault_is_logged_with_its_trace_under_the_same_id(client, lines, monkeypatch):
    def fail(*_):
        raise RuntimeError("broken\nlike this")

    monkeypatch.setattr("server.recognizer.Recognizer.recognize", fail)
    response = client.post("/api/predict", json={"width": 1, "height": 1, "pixels": "AA=="})
    entries = [json.loads(line) for line in lines()]
    assert [entry["request"] for entry in entries] == [response.headers["X-Request-ID"]] * 2
    assert "RuntimeError: broken\nlike this" in entries[0]["trace"]
    assert entries[1]["status"] == 500


@pytest.mark.parametrize("path", ["/%0a%7b%22forged%22:1%7d", "/%1b[2J%07", "/%7f", "/%c2%9b2J", "/%e2%80%ae", "/%ff"])
def test_no_path_can_forge_a_line_or_steer_a_terminal(client, lines, path):
    client.get(path)
    [line] = lines()
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["status"] == 404


def test_nothing_of_a_picture_or_its_name_is_logged(client, lines):
    picture = encode(seven(31, 37))
    client.post("/api/predict", data={"picture": (BytesIO(picture), "private.png")})
    client.post("/api/predict", data={"picture": (BytesIO(picture[:90]), "private.png")})
    client.post("/api/predict", json={"width": 31, "height": 37, "pixels": base64.b64encode(seven(31, 37)).decode()})
    client.post("/api/compare", data={"files": (BytesIO(picture), "private/7.png")}, buffered=True)
    logged = "".join(lines())
    assert len(lines()) == 4
    assert "private" not in logged
    assert base64.b64encode(seven(31, 37)).decode()[:20] not in logged
    assert len(logged) < 4 * 300


def test_a_server_writes_its_log_to_stderr_and_only_what_is_asked_for(start_server):
    for level, expected in (("info", 1), ("warning", 0)):
        server = start_server(DIGITS_LOG=level)
        with urllib.request.urlopen(f"{server.url}/healthz") as response:
            request_id = response.headers["X-Request-ID"]
        _, log = server.stop()
        assert sum(request_id in line and json.loads(line)["status"] == 200 for line in log.splitlines()) == expected
