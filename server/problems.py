"""What goes wrong in a request, as one family of errors in one shape: RFC 9457 problem details.

The API answers `application/problem+json` with `type`, `title`, `status` and `detail`, in the language of the
request; the pages answer a short HTML page with the same words. Neither ever shows a trace or a path.
"""

import errno
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from flask import Flask, Response, json, render_template, request
from werkzeug.exceptions import HTTPException

from server.messages import message as _l

MEDIA_TYPE = "application/problem+json"
FOR_PROGRAMS = frozenset({"/healthz", "/openapi.json"})
"""Addresses outside /api/ whose errors are no pages."""


class Problem(Exception):
    """A request that cannot be answered; the message tells the client what to do."""

    status: ClassVar[int] = 400
    title: ClassVar[Any] = _l("The request cannot be understood")  # lazy: translated when it is shown

    headers: Mapping[str, str] = {}
    """What the answer carries besides."""

    def __init__(self, detail: Any) -> None:
        super().__init__(detail)
        self.detail = detail

    @property
    def type(self) -> str:
        """A stable name for programs, e.g. `urn:digit-lab:picture-too-large`."""
        return "urn:digit-lab:" + re.sub(r"(?<!^)(?=[A-Z])", "-", self.__class__.__name__).lower()


class BadRequest(Problem):
    """The request itself is malformed."""


class UnknownModel(Problem):
    """No model has the name that was asked for."""

    title = _l("No such model")


class UnsupportedMediaType(Problem):
    """The body is neither a form nor JSON."""

    status = 415
    title = _l("This kind of body is not supported")


class UnsupportedPicture(Problem):
    """The file is of none of the readable types."""

    status = 415
    title = _l("This kind of file is not supported")


class PictureTooLarge(Problem):
    """The picture has more pixels than the server takes."""

    status = 413
    title = _l("The picture is too large")

    def __init__(self, max_pixels: int) -> None:
        super().__init__(
            _l("The picture has more than %(number)d pixels. Make it smaller and try again.", number=max_pixels)
        )


class UploadTooLarge(Problem):
    """What was sent to be compared is more than the server takes at once."""

    status = 413
    title = _l("The request is too large")

    def __init__(self, max_bytes: int, max_files: int) -> None:
        super().__init__(
            _l(
                "At most %(megabytes)s MB and %(files)d files can be sent at once. Send fewer or smaller ones: a ZIP "
                "in parts, a Photoshop file with fewer layers or pixels. The command line takes more: "
                "flask --app server compare.",
                megabytes=f"{max_bytes / 2**20:.3g}",
                files=max_files,
            )
        )


class PictureUnreadable(Problem):
    """The picture is of a readable type, but damaged or inconsistent."""

    status = 422
    title = _l("The picture cannot be read")


class CrossSite(Problem):
    """A page of another site had the browser send this."""

    status = 403
    title = _l("Another site sent this")

    def __init__(self) -> None:
        super().__init__(_l("Open Digit Lab itself and send it from there. Programs must not send an Origin header."))


class TooOften(Problem):
    """The client has asked more often than one may."""

    status = 429
    title = _l("Too many requests")

    def __init__(self, seconds: int) -> None:
        super().__init__(_l("Wait %(number)d seconds and ask again.", number=seconds))
        self.headers = {"Retry-After": str(seconds)}


class ModelsChanged(Problem):
    """The files of a network are no longer those that the server loaded."""

    status = 503
    title = _l("The network's files on the server have changed")

    def __init__(self) -> None:
        super().__init__(
            _l("The server cannot vouch for its answers. Tell whoever runs it to restore the files and start it again.")
        )


class NoReader(Problem):
    """The system starts no further process to read a file in."""

    status = 503
    title = _l("The server cannot read files at the moment")

    def __init__(self) -> None:
        super().__init__(_l("Wait a moment and send the file again."))
        self.headers = {"Retry-After": "5"}


class StorageFull(Problem):
    """The server has no room on its disk for what was sent."""

    status = 507
    title = _l("The server's disk is full")

    def __init__(self) -> None:
        super().__init__(_l("Send fewer or smaller files, or tell whoever runs the server to make room on its disk."))


DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""How the system says that a file cannot grow."""


# Title and advice for the errors that the framework raises, by status.
FRAMEWORK = {
    400: (
        _l("The request cannot be understood"),
        _l("The request is malformed. Check its address, its headers and its body."),
    ),
    404: (_l("Nothing is here"), _l("No page has this address. Check it, or start from the first page.")),
    405: (_l("This method is not allowed"), _l("Use one of the methods that the Allow header lists.")),
    411: (_l("The length is missing"), _l("Send the length of the body in a Content-Length header.")),
    413: (_l("The request is too large"), _l("Send a smaller picture, in a form with nothing else in it.")),
    500: (
        _l("The server failed"),
        _l("The fault is written to the server's log. Try again; if it stays, tell whoever runs the server."),
    ),
}


def document(status: int, title: Any, detail: Any, type_: str = "about:blank") -> bytes:
    """Serialize one problem document."""
    return json.dumps({"type": type_, "title": str(title), "status": status, "detail": str(detail)}).encode()


def register(app: Flask) -> None:
    """Make every error of `app`, its own and the framework's, answer in the one shape."""

    @app.errorhandler(Problem)
    def own(problem: Problem) -> Response:
        return answer(problem)

    @app.errorhandler(OSError)
    def full(error: OSError) -> Response:
        if error.errno in DISK_FULL:
            app.logger.error("The disk is full: %s", error.strerror)
            return answer(StorageFull())
        raise error

    @app.errorhandler(HTTPException)
    def framework(error: HTTPException) -> Response | HTTPException:
        status = error.code or 500
        if status < 400:  # a redirect
            return error
        title, detail = FRAMEWORK.get(status) or FRAMEWORK[500 if status >= 500 else 400]
        response = _response(status, title, detail)
        for name, value in error.get_headers():
            if name != "Content-Type":  # keeps Allow and Retry-After
                response.headers[name] = value
        return response


def answer(problem: Problem) -> Response:
    """The response that tells of a problem."""
    response = _response(problem.status, problem.title, problem.detail, problem.type)
    response.headers.update(problem.headers)
    return response


def _response(status: int, title: Any, detail: Any, type_: str = "about:blank") -> Response:
    if request.path.startswith("/api/") or request.path in FOR_PROGRAMS:
        return Response(document(status, title, detail, type_), status, content_type=MEDIA_TYPE)
    return Response(render_template("error.html", status=status, title=title, detail=detail), status)
