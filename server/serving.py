"""waitress, set up with the limits of the settings and with errors in the shape of all others."""

import select
import signal
import socket
import sys
from typing import NoReturn

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from server import problems
from server.errors import StartError
from server.settings import Settings

SLACK = 2
"""waitress stops reading and hangs up at this multiple of the body limit. Up to there it reads on, so that
a client, which sees an answer only once its body is sent, is told 413 instead of losing its connection."""

# In English only: what is refused here has no readable head to take a language from, and no browser sends it.
REFUSALS = {
    400: "The request is not valid HTTP. Check its first line, its headers and its chunks.",
    413: "The body is far larger than the server takes. Send a smaller picture.",
    431: "The headers are larger than the server takes. Send fewer or shorter ones.",
    500: "The server failed, and the fault is written to its log. Try again; if it stays, tell its operator.",
    501: "This transfer encoding is not supported. Send the body plain or chunked.",
}


class ProblemTask(ErrorTask):  # type: ignore[misc]
    """Answers a request that waitress itself refuses."""

    def execute(self) -> None:
        """Write a problem document instead of waitress's plain text."""
        error = self.request.error
        body = problems.document(error.code, error.reason, REFUSALS[error.code])
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", problems.MEDIA_TYPE))
        self.content_length = len(body)
        self.set_close_on_finish()
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection whose refusals are problem documents."""

    error_task_class = ProblemTask


def serve(app: Flask, settings: Settings) -> None:
    """Serve `app`, print its address once it answers, and return after SIGINT or SIGTERM.

    Requests in work are finished first.

    Raises:
        StartError: the address is taken or is not one of this machine.
    """
    listener = _listen(settings.host, settings.port)
    server = create_server(
        app,
        sockets=[listener],
        threads=settings.threads,
        connection_limit=settings.max_connections,
        channel_timeout=settings.idle_seconds,
        max_request_header_size=settings.max_header_bytes,
        max_request_body_size=settings.max_body_bytes * SLACK,
        asyncore_use_poll=hasattr(select, "poll"),  # select() ends at 1024 connections
        ident="",
    )
    server.channel_class = Channel
    signal.signal(signal.SIGTERM, _stop)
    host, port = listener.getsockname()[:2]
    print(f"Digit Lab is ready: {_url(host, port)} (Ctrl+C stops it)", flush=True)
    server.run()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise StartError(
            f"{host} port {port} cannot be listened on ({error.strerror}). "
            f"Choose another port, e.g. PORT={port % 65_535 + 1}, or another HOST."
        ) from None


def _url(host: str, port: int) -> str:
    """Where this machine's browser finds the server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _stop(*_: object) -> NoReturn:
    sys.exit(0)
