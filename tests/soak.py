"""A server under mixed load, hostile clients among honest ones: `python -m tests.soak --minutes 5` (or `make soak`).

First the honest clients alone, for a quarter of the time, then all of them. Prints what was promised and what came of
it, writes docs/soak.json, and ends with 1 where a promise broke: see docs/reliability.md.

The load runs on the machine that it loads. Each client has an address of its own, as behind a proxy.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import platform
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from server.settings import ROOT
from tests.archives import zipped
from tests.bad_inputs import BAD_INPUTS, FORM, JSON, PNG, form, hollow_png, pixels
from tests.live import LiveServer
from tests.photoshop import layer, slow, written_by_ag_psd
from tests.raw_http import compare, connect, exchange, get, post, predict

CLIENTS, HOSTILE = 64, 6
THINK_SECONDS = 2.0
"""Mean pause of an honest client between two requests."""
PATIENCE_SECONDS = 60
SAMPLE_SECONDS = 1.0
MAX_SLOWDOWN = 2.0
"""Of the honest clients' 95th percentile, by the hostile ones."""
MAX_GROWTH = 1.1
"""Of memory, from the second quarter of the mixed load to the last."""
WARM_UP_SECONDS = 10


@dataclass
class Record:
    """What happened in one phase."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """How long honest requests took, by kind."""
    statuses: Counter[int] = field(default_factory=Counter)
    """Of the hostile clients' requests."""
    faults: Counter[str] = field(default_factory=Counter)
    """Honest requests that were not answered rightly, and any 500."""
    delayed: int = 0
    """Honest requests that were told to come again, and did."""
    memory: list[int] = field(default_factory=list)
    """Bytes of the server and its reading processes, sample by sample."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def p95(self, kind: str | None = None) -> float:
        """The 95th percentile of one kind of honest requests, or of all, in milliseconds."""
        values = self.seconds[kind] if kind else [value for values in self.seconds.values() for value in values]
        return 1000 * float(np.percentile(values, 95)) if values else float("nan")


class Honest:
    """A person at a browser: looks at pages, has digits read, compares Photoshop files, and pauses in between."""

    def __init__(self, port: int, number: int, psd: bytes) -> None:
        self._port, self._psd = port, psd
        self._random = random.Random(number)
        self._headers = {"X-Forwarded-For": f"10.0.0.{number}"}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)

    def run(self, record: Record, until: Callable[[], bool]) -> None:
        """Go on until told to stop."""
        while not until():
            time.sleep(self._random.expovariate(1 / THINK_SECONDS))
            kind, request, is_right = self._random.choices(
                (
                    ("page", ("GET", self._random.choice(("/", "/compare", "/inside")), b"", ""), self._is_page),
                    ("predict", ("POST", "/api/predict", pixels(), JSON), self._is_prediction),
                    ("predict file", ("POST", "/api/predict", form(PNG), FORM), self._is_seven),
                    ("compare", ("POST", "/api/compare", form(self._psd, "7.psd", "files"), FORM), self._is_report),
                ),
                (30, 40, 20, 10),
            )[0]
            begun = time.perf_counter()
            try:
                status, body = self._ask(record, *request)
                fault = None if status == 200 and is_right(body) else f"{kind}: {status} {body[:80]!r}"
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                fault = f"{kind}: lost ({error!r})"
            with record.lock:
                record.seconds[kind].append(time.perf_counter() - begun)
                if fault:
                    record.faults[fault] += 1

    def _ask(self, record: Record, method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            headers = self._headers | ({"Content-Type": content_type} if content_type else {})
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            content = response.read()
            wait = response.headers.get("Retry-After")
            if response.status not in (429, 503) or wait is None or time.monotonic() > end:
                return response.status, content
            with record.lock:
                record.delayed += 1
            time.sleep(int(wait))

    @staticmethod
    def _is_page(body: bytes) -> bool:
        return b"</html>" in body

    @staticmethod
    def _is_prediction(body: bytes) -> bool:
        return len(json.loads(body)["probabilities"]) == 10

    @staticmethod
    def _is_seven(body: bytes) -> bool:
        return json.loads(body)["digit"] == 7

    @staticmethod
    def _is_report(body: bytes) -> bool:
        return [picture["models"]["robust"]["digit"] for picture in json.loads(body)["pictures"]] == [7, 7, 7]


class Hostile:
    """Somebody who tries everything, without a pause."""

    def __init__(self, port: int, number: int, slow_psd: bytes, only: str | None) -> None:
        self._port = port
        self._random = dice = random.Random(1000 + number)
        self._address = mine = {"X_Forwarded_For": f"10.6.6.{number}"}
        bad = dice.sample(BAD_INPUTS, 20)
        # Made once: what it costs to make them is not the server's.
        requests = {
            "bad input": [self._bad(each.body, each.content_type or "") for each in bad],
            "slow files": [compare(slow_psd, **mine)],
            "bombs": [compare(zipped({f"{k}.png": bytes(2**22) for k in range(20)}), **mine)],
            "hollow pictures": [compare(*[hollow_png(30_000, 30_000)] * 200, **mine)],
            "noise": [predict(dice.randbytes(2**20), **mine)],
            "deep JSON": [self._bad(b"[" * 2**22, JSON)],
            "long addresses": [get("/" + "%0a" * 2000, **mine)],
            "many headers": [b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n"],
            "no HTTP": [dice.randbytes(1000) + b"\r\n\r\n"],
        }
        self._prediction, self._upload = predict(**mine), compare(PNG * 1000, **mine)
        attacks: dict[str, list[Callable[[], int | None]]] = {
            name: [partial(self._exchange, each) for each in group] for name, group in requests.items()
        }
        for attack in (self._flood, self._trickle, self._break_off, self._crowd):
            attacks[attack.__name__.strip("_").replace("_", " ")] = [attack]
        self._attacks = [attack for name, group in attacks.items() for attack in group if only in (None, name)]
        if not self._attacks:
            raise SystemExit(f"There is no attack {only!r}: choose one of {', '.join(attacks)}.")

    def run(self, statuses: Counter[int], until: Callable[[], bool]) -> None:
        """Go on until told to stop."""
        while not until():
            status: int | None = None
            with suppress(OSError, ValueError, IndexError):  # what becomes of an attack is not of interest
                status = self._random.choice(self._attacks)()
            statuses[status or 0] += 1

    def _bad(self, body: bytes, content_type: str) -> bytes:
        return post("/api/predict", body, content_type, **self._address)

    def _exchange(self, request: bytes) -> int:
        return exchange(self._port, request).status

    def _flood(self) -> int:
        return max(self._exchange(self._prediction) for _ in range(200))

    def _trickle(self) -> None:
        with connect(self._port) as connection:
            for byte in self._prediction[:10]:
                connection.sendall(bytes([byte]))
                time.sleep(0.5)

    def _break_off(self) -> None:
        for _ in range(10):
            with connect(self._port) as connection:
                connection.sendall(self._upload[: self._random.randrange(len(self._upload))])

    def _crowd(self) -> None:
        connections = [connect(self._port) for _ in range(100)]
        time.sleep(1)
        for connection in connections:
            connection.close()


def attack(port: int, slow_psd: bytes, only: str | None, pipe: Connection) -> None:
    """Be the hostile clients, in a process of their own: the honest ones must not wait for their interpreter.

    Tells through the pipe that all is made, gets the seconds to attack for, and tells what they were answered.
    """
    clients = [Hostile(port, number, slow_psd, only) for number in range(HOSTILE)]
    pipe.send("ready")
    seconds: float = pipe.recv()
    end = time.monotonic() + seconds
    counts = [Counter[int]() for _ in clients]

    def over() -> bool:
        return time.monotonic() > end

    threads = [
        threading.Thread(target=client.run, args=(statuses, over))
        for client, statuses in zip(clients, counts, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(sum(counts, Counter()))


def run_phase(honest: list[Honest], server: LiveServer, seconds: float, hostile: Connection | None = None) -> Record:
    """Let clients loose on a server for some time, and watch its memory."""
    record = Record()
    end = time.monotonic() + seconds

    def over() -> bool:
        return time.monotonic() > end

    threads = [threading.Thread(target=client.run, args=(record, over), daemon=True) for client in honest]
    if hostile:
        hostile.send(seconds)
    for thread in threads:
        thread.start()
    while not over():
        record.memory.append(memory_of(server))
        time.sleep(SAMPLE_SECONDS)
    for thread in threads:
        thread.join(2 * PATIENCE_SECONDS)
    if hostile:
        record.statuses = hostile.recv()
        if record.statuses[500]:
            record.faults["500 to a hostile client"] = record.statuses[500]
    return record


def memory_of(server: LiveServer) -> int:
    """Bytes of the server and of the processes that read files for it, shared memory counted once."""
    process = psutil.Process(server.process.pid)
    total = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += getattr(each.memory_full_info(), "pss", each.memory_info().rss)
    return total


def growth_of(memory: list[int]) -> float:
    """The last quarter's mean memory as a multiple of the second quarter's."""
    quarter = max(1, len(memory) // 4)
    return float(np.mean(memory[-quarter:]) / np.mean(memory[quarter : 2 * quarter]))


def measure(minutes: float, only: str | None = None) -> dict[str, Any]:
    """Run both phases against a fresh server; return all figures."""
    psd = written_by_ag_psd(layer("7"), layer("семь"), layer("seven"))
    with tempfile.TemporaryDirectory() as folder:
        limits = {"DIGITS_PREDICT_RATE": "3000", "DIGITS_COMPARE_RATE": "600"}  # the defaults, which tests switch off
        server = LiveServer(TMPDIR=folder, DIGITS_TRUSTED_PROXY="127.0.0.1", **limits)
        honest = [Honest(server.port, k, psd) for k in range(CLIENTS - HOSTILE)]
        hostile, theirs = multiprocessing.Pipe()
        attackers = multiprocessing.get_context("spawn").Process(
            target=attack, args=(server.port, slow(30), only, theirs), daemon=True
        )
        attackers.start()
        theirs.close()
        hostile.recv()
        run_phase(honest, server, WARM_UP_SECONDS)
        quiet = run_phase(honest, server, 15 * minutes)
        mixed = run_phase(honest, server, 45 * minutes, hostile)
        answers_after = exchange(server.port, predict()).status
        files_left = len(list(Path(folder).iterdir()))
        begun = time.monotonic()
        status, log = server.stop()
        ended_seconds = time.monotonic() - begun
    kinds = sorted(quiet.seconds)
    slowdown, growth = mixed.p95() / quiet.p95(), growth_of(mixed.memory)
    broken = [
        *(f"{text} ({count} times)" for text, count in (quiet.faults + mixed.faults).items()),
        *(["the server did not answer afterwards"] if answers_after != 200 else []),
        *(["the server did not end with 0"] if status else []),
        *([f"{log.count('Traceback')} traces in the log"] if "Traceback" in log else []),
        *(["temporary files were left"] if files_left else []),
        *([f"memory grew by a factor of {growth:.2f}"] if growth > MAX_GROWTH else []),
        *([f"honest clients were slowed down by a factor of {slowdown:.2f}"] if slowdown > MAX_SLOWDOWN else []),
    ]
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "minutes": minutes,
        "clients": f"{CLIENTS}, {HOSTILE} of them hostile",
        "honest requests": {
            phase: {kind: len(record.seconds[kind]) for kind in kinds}
            for phase, record in (("quiet", quiet), ("mixed", mixed))
        },
        "95th percentile, ms": {
            phase: {"all": round(record.p95(), 1)} | {kind: round(record.p95(kind), 1) for kind in kinds}
            for phase, record in (("quiet", quiet), ("mixed", mixed))
        },
        "slowdown": round(slowdown, 2),
        "told to come again": mixed.delayed,
        "hostile requests by status, 0 none": dict(sorted(mixed.statuses.items())),
        "memory, MB": {
            "begin": round(mixed.memory[0] / 1e6),
            "end": round(mixed.memory[-1] / 1e6),
            "highest": round(max(mixed.memory) / 1e6),
            "growth": round(growth, 3),
        },
        "end by SIGTERM, s": round(ended_seconds, 1),
        "broken promises": broken,
    }


def main() -> int:
    """Measure, print, write; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--only", help="one kind of attack, to see what it costs; writes nothing")
    options = parser.parse_args()
    result = measure(options.minutes, options.only)
    for name, figures in result.items():
        print(f"{name:36} {figures if not isinstance(figures, dict) else json.dumps(figures)}")
    if options.only is None:
        (ROOT / "docs/soak.json").write_text(json.dumps(result, indent=1) + "\n")
    return 1 if result["broken promises"] else 0


if __name__ == "__main__":
    sys.exit(main())
