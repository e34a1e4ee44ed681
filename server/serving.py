"""waitress, set up with the limits of the settings and with errors in the shape of all others."""

import logging
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import NoReturn

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from server import problems
from server.errors import StartError
from server.settings import Settings

FRAMING = 2
"""waitress counts a chunked body together with its framing, so it gets this multiple of the body limit; the
application holds the limit itself, to the byte."""

LINGER_BYTES = 2**28
"""What is read and thrown away of a refused request, so that its client gets to see the answer."""

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
        self.channel.refused = True
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection whose refusals are problem documents, and reach a client that is still sending.

    Closing a connection with unread data resets it, and the client loses the answer. So after a refusal
    only the server's half is closed; the rest is read to its end (the "lingering close" of RFC 9112, 9.6).
    """

    error_task_class = ProblemTask
    refused = False
    discarded: int | None = None
    """Bytes thrown away since the refusal was sent."""

    def handle_close(self) -> None:
        """Close the server's half first, after a refusal."""
        if self.refused and self.connected and self.discarded is None:
            self.discarded = 0
            self.will_close = False
            with suppress(OSError):  # where the client is already gone, the next read says so
                self.socket.shutdown(socket.SHUT_WR)
        else:
            super().handle_close()

    def received(self, data: bytes) -> bool:
        """Take data that the client sent."""
        if self.discarded is None:
            return bool(super().received(data))
        self.discarded += len(data)
        self.will_close = self.discarded > LINGER_BYTES
        return False


def serve(app: Flask, settings: Settings) -> None:
    """Serve `app`, print its address once it answers, and return after SIGINT or SIGTERM.

    Requests in work are finished first.

    Raises:
        StartError: the address is taken or is not one of this machine.
    """
    # A line for every request that waits would slow down what it reports.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    listener = _listen(settings.host, settings.port)
    server = create_server(
        app,
        sockets=[listener],
        threads=settings.threads,
        connection_limit=settings.max_connections,
        channel_timeout=settings.idle_seconds,
        max_request_header_size=settings.max_header_bytes,
        max_request_body_size=max(settings.max_body_bytes, settings.max_upload_bytes) * FRAMING,
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
