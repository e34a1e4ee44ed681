"""How often one address may ask."""

import os
import threading
import time
from io import BytesIO
from typing import ClassVar

import pytest
from limits.storage import MemoryStorage, storage_from_string

from server import create_app
from server.errors import StartError
from server.settings import Settings
from tests.bad_inputs import JSON, pixels
from tests.pictures import encode, seven
from tests.server.test_api import assert_is_problem


def limited(**environ: str):
    """A client of a server with such rates."""
    return create_app(Settings.from_environment({**os.environ, **environ})).test_client()


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1000.0)  # no new minute begins meanwhile
    return limited(DIGITS_PREDICT_RATE="3", DIGITS_COMPARE_RATE="2")


def predict(client, address: str = "10.0.0.1"):
    return client.post("/api/predict", data=pixels(), content_type=JSON, environ_base={"REMOTE_ADDR": address})


def test_who_asks_too_often_is_told_when_to_ask_again(client):
    assert [predict(client).status_code for _ in range(3)] == [200] * 3
    refused = predict(client)
    seconds = int(refused.headers["Retry-After"])
    assert 1 <= seconds <= 61
    assert f"Wait {seconds} seconds" in assert_is_problem(refused, 429)


def test_others_are_not_held_back(client):
    while predict(client).status_code == 200:
        pass
    assert predict(client, "10.0.0.2").status_code == 200


def test_comparisons_and_predictions_are_counted_apart(client):
    def compare() -> int:
        files = {"files": (BytesIO(encode(seven())), "7.png")}
        who = {"REMOTE_ADDR": "10.0.0.1"}
        return client.post("/api/compare", data=files, environ_base=who, buffered=True).status_code

    while predict(client).status_code == 200:
        pass
    assert [compare() for _ in range(3)] == [200, 200, 429]
    who = {"REMOTE_ADDR": "10.0.0.1"}
    assert client.post("/api/report", json={}, environ_base=who).status_code == 429  # counted with comparisons


def test_pages_and_health_have_no_limit(client):
    for path in ("/", "/compare", "/healthz", "/static/dist/manifest.json"):
        assert {client.get(path).status_code for _ in range(10)} == {200}


def test_no_limit_is_possible():
    client = limited(DIGITS_PREDICT_RATE="0", DIGITS_COMPARE_RATE="0")
    assert {predict(client).status_code for _ in range(20)} == {200}


@pytest.mark.parametrize("url", ["nonsense", "abacus://", "http://x", "async+memory://"])
def test_a_storage_that_cannot_be_used_stops_the_start(url):
    with pytest.raises(StartError, match=r"DIGITS_RATE_STORAGE='.*' cannot be used.*memory://"):
        limited(DIGITS_RATE_STORAGE=url)


class Unplugged(MemoryStorage):
    """A storage that processes share, until its cable is pulled."""

    STORAGE_SCHEME: ClassVar = ["unplugged"]
    base_exceptions = ()  # as that of memcached, which lets the network's own errors through
    here, asked = True, 0

    def acquire_sliding_window_entry(self, *arguments, **options) -> bool:
        Unplugged.asked += 1
        if not Unplugged.here:
            raise ConnectionError("no route to host")
        return super().acquire_sliding_window_entry(*arguments, **options)


def test_where_the_shared_counts_cannot_be_reached_each_process_counts_alone(monkeypatch):
    now = 1000.0
    for clock in ("time", "monotonic"):
        monkeypatch.setattr(time, clock, lambda: now)
    monkeypatch.setattr(Unplugged, "asked", 0)
    client = limited(DIGITS_PREDICT_RATE="3", DIGITS_RATE_STORAGE="unplugged://")
    assert predict(client).status_code == 200
    monkeypatch.setattr(Unplugged, "here", False)
    assert [predict(client).status_code for _ in range(4)] == [200] * 3 + [429]
    assert Unplugged.asked == 2  # not by each request: that would make each wait for it
    monkeypatch.setattr(Unplugged, "here", True)
    now += 6
    assert predict(client).status_code == 200
    assert Unplugged.asked == 3


def test_counts_start_no_threads_and_are_dropped_when_they_are_over(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    counts = storage_from_string("memory://")
    threads = threading.active_count()
    for client in range(100):
        counts.incr(f"client {client}", 60)
        now += 0.1
    assert counts.get("client 0") == 1
    assert threading.active_count() <= threads
    now += 60
    assert counts.incr("another", 60) == 1
    assert list(counts.expirations) == ["another"]
