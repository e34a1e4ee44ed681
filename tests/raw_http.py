"""Requests as raw bytes, for what no well-behaved client sends."""

import socket
from typing import NamedTuple

from tests.bad_inputs import FORM, JSON, PNG, form, pixels


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    """By their names in small letters."""
    body: bytes


def connect(port: int, seconds: float = 20) -> socket.socket:
    """Open a connection to a server on this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout=seconds)


def receive(connection: socket.socket) -> Answer:
    """Read an answer to the end of the connection.

    Raises:
        ConnectionError: there was none.
    """
    data = b""
    while chunk := connection.recv(65_536):
        data += chunk
    if not data:
        raise ConnectionError("closed without an answer")
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split()[1]), headers, body)


def exchange(port: int, request: bytes) -> Answer:
    """Send a request and read its answer."""
    with connect(port) as connection:
        connection.sendall(request)
        return receive(connection)


def get(path: str = "/healthz", **headers: str) -> bytes:
    """A GET; underscores in the headers' names stand for hyphens."""
    return _head("GET", path, headers) + b"\r\n"


def post(path: str, body: bytes, content_type: str, **headers: str) -> bytes:
    """A POST."""
    headers |= {"Content_Type": content_type, "Content_Length": str(len(body))}
    return _head("POST", path, headers) + b"\r\n" + body


def predict(picture: bytes | None = None, **headers: str) -> bytes:
    """A good prediction: of a picture's file, or else of pixels as JSON."""
    if picture is None:
        return post("/api/predict", pixels(), JSON, **headers)
    return post("/api/predict", form(picture), FORM, **headers)


def compare(*files: bytes, **headers: str) -> bytes:
    """A good comparison."""
    bodies = [form(file, f"7/{k}", "files") for k, file in enumerate(files or [PNG])]
    end = bodies[0][bodies[0].rindex(b"--the-boundary--") :]
    return post("/api/compare", b"".join(body.removesuffix(end) for body in bodies) + end, FORM, **headers)


def _head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [
        f"{name.replace('_', '-')}: {value}\r\n"
        for name, value in ({"Host": "x", "Connection": "close"} | headers).items()
    ]
    return f"{method} {path} HTTP/1.1\r\n{''.join(lines)}".encode()
