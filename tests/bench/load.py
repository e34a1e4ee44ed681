"""A load generator that leaves the cores to the server: one thread, plain sockets, keep-alive, no pause.

It runs in a process of its own, `python -m tests.bench.load URL CLIENTS SECONDS REQUESTS CONTENT_TYPE`, the body on
its standard input, and ends after SECONDS or REQUESTS, whichever comes first.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.bench.figures import percentile

NO_LIMIT = 10**12


class Load(NamedTuple):
    """What the clients saw."""

    seconds: float
    statuses: dict[str, int]
    """Answers by HTTP status."""
    times: list[float]
    """Seconds from the first byte of a request to the last of its answer with status 200; the first of each
    connection, which warms the server up, is left out."""

    @property
    def rate(self) -> float:
        """Answers with status 200 per second."""
        return self.statuses.get("200", 0) / self.seconds

    @property
    def p50_ms(self) -> float:
        """Median time of an answer."""
        return 1000 * median(self.times)

    @property
    def p95_ms(self) -> float:
        """95th percentile of the time of an answer."""
        return 1000 * percentile(self.times, 0.95)


def drive(
    url: str, clients: int, body: bytes, content_type: str, *, seconds: float = 3600, requests: int = NO_LIMIT
) -> Load:
    """POST `body` from `clients` connections, each asking again as soon as it is answered."""
    arguments = [url, str(clients), str(seconds), str(requests), content_type]
    command = [sys.executable, "-m", "tests.bench.load", *arguments]
    return Load(*json.loads(subprocess.run(command, input=body, stdout=subprocess.PIPE, check=True).stdout))


class _Client:
    def __init__(self, url: str, body: bytes, content_type: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {content_type}\r\n"
        self._request = head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
        self.socket = socket.create_connection((parts.hostname, parts.port))
        self.begun = 0.0
        self._answer = b""

    def ask(self) -> None:
        self._answer = b""
        self.begun = time.perf_counter()
        self.socket.sendall(self._request)

    def status(self) -> str | None:
        """Take what has come; the status once the answer is complete."""
        chunk = self.socket.recv(2**16)
        if not chunk:
            raise ConnectionError(f"The server closed the connection after {self._answer!r}.")
        self._answer += chunk
        head, separator, body = self._answer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        return head[9:12].decode() if separator and len(body) >= int(length) else None


def _drive(url: str, clients: int, seconds: float, requests: int, content_type: str, body: bytes) -> Load:
    selector = selectors.DefaultSelector()
    statuses: Counter[str] = Counter()
    times: list[float] = []
    warm: set[_Client] = set()
    asked = clients
    begun = time.perf_counter()
    for _ in range(clients):
        client = _Client(url, body, content_type)
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.ask()
    while selector.get_map():
        for key, _ in selector.select():
            client = key.data
            status = client.status()
            if status is None:
                continue
            now = time.perf_counter()
            statuses[status] += 1
            if status == "200" and client in warm:
                times.append(now - client.begun)
            warm.add(client)
            if now - begun < seconds and asked < requests:
                asked += 1
                client.ask()
            else:
                selector.unregister(client.socket)
                client.socket.close()
    return Load(time.perf_counter() - begun, dict(statuses), times)


if __name__ == "__main__":
    url, clients, seconds, requests, content_type = sys.argv[1:]
    body = sys.stdin.buffer.read()
    json.dump(_drive(url, int(clients), float(seconds), int(requests), content_type, body), sys.stdout)
