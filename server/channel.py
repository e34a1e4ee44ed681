"""One connection: its refusals are problem documents, it must not be slow, and a refusal reaches its client."""

import logging
import time
from contextlib import suppress
from functools import partial
from socket import SHUT_WR
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error, RequestEntityTooLarge

from server import logs, problems, security
from server.problems import DISK_FULL
from server.usage import CHARGE


class RequestTimeout(Error):  # type: ignore[misc]
    """The request arrives too slowly."""

    code, reason = 408, "Request Timeout"


class Overloaded(Error):  # type: ignore[misc]
    """Too many requests wait already."""

    code, reason = 503, "Service Unavailable"


class InsufficientStorage(Error):  # type: ignore[misc]
    """The disk has no room for the body."""

    code, reason = 507, "Insufficient Storage"


RETRY_SECONDS = 1
PAUSE, MAX_PAUSE_SECONDS = 3, 1.0
"""After the request of a greedy client its thread rests for so many times what it took, but not for longer."""
# In English only: what is refused here has no readable head to take a language from, and no browser sends it.
REFUSALS = {
    400: "The request is not valid HTTP. Check its first line, its headers and its chunks.",
    408: "The request took too long to arrive. Send it again, over a faster line or in smaller parts.",
    413: "The body is far larger than the server takes. Send smaller files, or fewer at once.",
    431: "The headers are larger than the server takes. Send fewer or shorter ones.",
    500: "The server failed, and the fault is written to its log. Try again; if it stays, tell its operator.",
    501: "This transfer encoding is not supported. Send the body plain or chunked.",
    503: "The server has more to do than it can. Wait as long as Retry-After says, and ask again.",
    507: "The server's disk is full. Send fewer or smaller files, or tell its operator to make room.",
}


class Request(HTTPRequestParser):  # type: ignore[misc]
    """A request; one that is refused before its first line is read has neither method nor path."""

    command = path = ""


class ProblemTask(ErrorTask):  # type: ignore[misc]
    """Answers a request that does not reach the application."""

    def execute(self) -> None:
        """Write a problem document instead of waitress's plain text."""
        error = self.request.error
        body = problems.document(error.code, error.reason, REFUSALS[error.code])
        request_id = logs.new_id()
        headers = security.HEADERS | {"Content-Type": problems.MEDIA_TYPE, logs.HEADER: request_id}
        if error.code == Overloaded.code:
            headers["Retry-After"] = str(RETRY_SECONDS)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend(headers.items())
        self.content_length = len(body)
        self.set_close_on_finish()
        self.channel.refused = True
        self.write(body)
        request, channel = self.request, self.channel
        seconds = time.time() - channel.begun
        logs.log_request(request_id, request.command, request.path, error.code, seconds, channel.addr[0])


class Task(WSGITask):  # type: ignore[misc]
    """Answers a request, and sends the head together with the beginning of the body."""

    wrote_header: bool

    def get_environment(self) -> dict[str, Any]:
        """What the application learns of the request."""
        environ: dict[str, Any] = super().get_environment()
        environ[CHARGE] = partial(self.channel.server.charge, self.channel.client)
        return environ

    def write(self, data: bytes) -> None:
        """Send a part of the body."""
        if data and self.complete and not self.wrote_header:
            self.channel.held = self.build_response_header()
            self.wrote_header = True
        super().write(data)

    def finish(self) -> None:
        """Send what is left."""
        super().finish()
        if self.channel.held:
            self.channel.write_soon(b"")


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection with a client.

    Closing a connection with unread data resets it, and the client loses the answer. So after a refusal
    only the server's half is closed; the rest is read to its end (the "lingering close" of RFC 9112, 9.6).
    """

    task_class = Task
    error_task_class = ProblemTask
    parser_class = Request
    request: Request | None = None
    begun = 0.0
    """When the request that is arriving began, in seconds of `time.time()`."""
    held = b""
    """The head of an answer, until its body begins."""
    owing_since: float | None = None
    """Since when there has always been something left to send."""
    sent = 0
    """Bytes sent since then."""
    client = ""
    """The address that the request in work comes from."""
    has_files = False
    """Whether the request in work has files."""
    greedy = False
    """Whether that client has used much, while there are others."""
    refused = False
    refused_at: float | None = None
    """When the server's half was closed after a refusal."""

    def received(self, data: bytes) -> bool:
        """Take data that the client sent."""
        if self.refused_at is not None:
            return False
        if self.request is None:
            self.begun = time.time()
        try:
            more = bool(super().received(data))
            request = self.request
            if request is not None and request.headers_finished:
                size = max(request.content_length, request.body_bytes_received)
                if size > self.server.most_bytes(request.path):
                    self._refuse(RequestEntityTooLarge(""))
            return more
        except OSError as error:  # a large body is kept in a temporary file
            if error.errno not in DISK_FULL:
                raise
            logging.getLogger(__name__).error("The disk is full: %s", error.strerror)
            self._refuse(InsufficientStorage(""))
            return True

    def service(self) -> None:
        """Answer a request, and count what it cost."""
        client, greedy, begun = self.client, self.greedy, time.thread_time()
        try:
            super().service()
        finally:
            seconds = time.thread_time() - begun
            self.server.charge(client, seconds)
            if greedy:
                time.sleep(min(PAUSE * seconds, MAX_PAUSE_SECONDS))

    def write_soon(self, data: Any) -> int:
        """Send `data`, or a file, as soon as the client takes it."""
        if self.held:
            data, self.held = self.held + data, b""
        return int(super().write_soon(data))

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send what the client takes."""
        count = int(super().send(data, do_close=do_close))
        self.sent += count
        return count

    def check_pace(self, now: float, grace: float, bytes_per_second: float) -> None:
        """Refuse a request that arrives too slowly; close where an answer is taken too slowly.

        Args:
            now: seconds of `time.time()`.
            grace: seconds in which any pace will do.
            bytes_per_second: the least pace after them.
        """
        if self.total_outbufs_len == 0:
            self.owing_since, self.sent = None, 0
        elif self.owing_since is None:
            self.owing_since = now
        if self.requests:
            self.begun = now  # what the client sends meanwhile is not read yet
        elif self.request is not None:
            arrived = self.request.header_bytes_received + self.request.body_bytes_received
            if now - self.begun > grace + arrived / bytes_per_second:
                self._refuse(RequestTimeout(""))
        if self.owing_since is not None and now - self.owing_since > grace + self.sent / bytes_per_second:
            # At once: `will_close` would wait until something can be sent, and a thread waits for that already.
            super().handle_close()
        if self.refused_at is not None and now - self.refused_at > grace:
            self.will_close = True

    def handle_close(self) -> None:
        """Close the server's half first, after a refusal."""
        if self.refused and self.connected and self.refused_at is None:
            self.refused_at = time.time()
            self.will_close = False
            with suppress(OSError):  # where the client is already gone, the next read says so
                self.socket.shutdown(SHUT_WR)
        else:
            super().handle_close()

    @property
    def idle(self) -> bool:
        """Whether nothing is arriving, in work or being sent."""
        return not self.requests and self.request is None and not self.total_outbufs_len

    def _refuse(self, error: Any) -> None:
        with self.requests_lock:
            request, self.request = self.request or Request(self.adj), None
            request.error = error
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.refuse(self)
