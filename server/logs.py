"""The log: one JSON object a line on stderr, with the id of its request, which the answer carries as X-Request-ID.

A request is logged with method, path, status, duration and client: never its query, headers or body, so no picture and
no file name. JSON in ASCII escapes every control character, so no name in a path can forge a line or steer a terminal.
"""

import json
import logging
import random
import sys
import time
from typing import Any

from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-ID"
DELETE = "\x7f"
"""The one control character that JSON in ASCII lets through."""

access = logging.getLogger("digits.access")


class JsonLines(logging.Formatter):
    """Each record as a line: time, level, logger, message, and what it has of `request`, `fields` and a trace."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context() and "request_id" in g:
            entry["request"] = g.request_id
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=repr).replace(DELETE, r"\u007f")


def set_up(level: str) -> None:
    """Write the log of all libraries as JSON lines to stderr, from a level such as "info" on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # A log that cannot be written, on a full disk, must not become errors of its own.
    logging.raiseExceptions = False


def new_id() -> str:
    """An id for a request; it is no secret, so it needs nothing of the system."""
    return f"{random.getrandbits(64):016x}"


def log_request(id_: str, method: str, path: str, status: int, seconds: float, client: str | None) -> None:
    """Write the line of one request."""
    fields = {"request": id_, "method": method, "path": path, "status": status, "client": client}
    access.info("request", extra={"fields": fields | {"ms": round(1000 * seconds, 1)}})


def register(app: Flask) -> None:
    """Give every request an id, and log it once it is answered."""

    @app.before_request
    def begin() -> None:
        # Made here and never taken from the client, who could make it another's.
        g.request_id, g.begun = new_id(), time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        who, begun, client = (g.request_id, request.method, request.path), g.begun, request.remote_addr

        def log() -> None:
            log_request(*who, response.status_code, time.perf_counter() - begun, client)

        if response.is_streamed and not response.direct_passthrough:  # its work is yet to be done
            response.call_on_close(log)
        else:
            log()
        return response
