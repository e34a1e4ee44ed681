"""Comparison over HTTP: the page, the API that streams, and the report in the form that is asked for."""

from collections.abc import Iterator
from io import BytesIO
from typing import IO

from flask import Blueprint, Response, current_app, request, stream_with_context
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from server import strict_json
from server.comparison import ABLATION, exports, sources
from server.comparison.figures import of_card
from server.comparison.rows import Row
from server.comparison.run import run
from server.comparison.summary import summarized
from server.messages import message as _l
from server.pictures import Layers
from server.problems import BadRequest, UploadTooLarge, answer
from server.recognizer import NETWORKS
from server.settings import Settings

blueprint = Blueprint("compare", __name__)

COMPARE, REPORT = "/api/compare", "/api/report"
NDJSON = "application/x-ndjson"
TYPES = ("application/json", NDJSON, "text/html")
FORMATS = {
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "npz": "application/x-npz",
}


@blueprint.app_template_global()
def mnist_figures() -> dict[str, Row | None]:
    """Each network's figures on MNIST's test set, for the report to stand beside its own."""
    return {name: of_card(recognizer.card) for name, recognizer in current_app.extensions["recognizers"].items()}


@blueprint.post(COMPARE)
def compare() -> Response:
    """Compare the files of the form field `files`; a ZIP stands for a folder.

    `layers` says what is a digit in a Photoshop file: `auto` (each artboard, else each layer where several are drawn
    on, else the whole picture), `flat` (the whole picture), `each` (each visible layer) or `groups` (each artboard or
    group).

    Answers JSON; one row a line while the files are read, where the request accepts application/x-ndjson; the
    report as a page, where it prefers HTML.
    """
    _allow_uploads()
    uploads = request.files.getlist("files")
    if len(uploads) > current_app.config["SETTINGS"].max_upload_files:
        raise RequestEntityTooLarge
    if not uploads:  # also where the body is cut or its boundary is missing
        raise BadRequest(_l('Send one or more files, in the form field "files".'))
    try:
        layers = Layers(request.form.get("layers", Layers.AUTO))
    except ValueError:
        raise BadRequest(_l('"layers" must be one of these: %(names)s.', names=", ".join(Layers))) from None
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    files = [(upload.filename or "", _kept(upload)) for upload in uploads]
    rows = run(app, sources.of_upload(files, app.extensions["reader"], request.remote_addr or ""), layers)
    match request.accept_mimetypes.best_match(TYPES):
        case "application/x-ndjson":
            text, content_type = exports.as_ndjson(rows), NDJSON
        case "text/html":
            text, content_type = exports.as_html(rows, "compare.html"), FORMATS["html"]
        case _:
            text, content_type = exports.as_json(rows), FORMATS["json"]
    response = Response(stream_with_context(text), content_type=content_type)
    for _name, stream in files:
        response.call_on_close(stream.close)
    return response


@blueprint.post(REPORT)
def report() -> Response:
    """Put the rows that `compare` answered, with labels that were edited since, into the form `?format=`."""
    _allow_uploads()
    format = request.args.get("format", "html")
    if format not in FORMATS:
        raise BadRequest(_l("Choose one of these formats: %(names)s.", names=", ".join(FORMATS)))
    try:
        body = _report(_rows(_lines(request.get_data())), format)
    # Whatever is not as `compare` answered it; what it is exactly doesn't matter to a program that made it up.
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        raise BadRequest(_l("Send the rows of a comparison, one JSON object a line, as they were answered.")) from None
    response = Response(body, content_type=FORMATS[format])
    response.headers["Content-Disposition"] = f"attachment; filename=digits.{format}"
    return response


def _report(rows: Iterator[Row], format: str) -> bytes:
    again = summarized(rows, current_app.extensions["recognizers"], current_app.extensions["mnist"].figures)
    match format:
        case "npz":
            file = BytesIO()
            exports.write_npz(again, file)
            return file.getvalue()
        case "csv":
            return _encoded(exports.as_csv(again))
        case "json":
            return _encoded(exports.as_json(again))
        case _:
            return _encoded(exports.as_html(again))


def _encoded(pieces: Iterator[str]) -> bytes:
    """Piece by piece: as one text, a report with an emoji in it would take four bytes for each character."""
    return b"".join(piece.encode() for piece in pieces)


def _lines(body: bytes) -> list[bytes]:
    most: int = current_app.config["SETTINGS"].max_report_rows
    lines = body.rstrip().split(b"\n", most)
    if len(lines) > most:
        raise BadRequest(_l("A report has at most %(number)d rows. Send fewer.", number=most))
    return lines


def _rows(lines: list[bytes]) -> Iterator[Row]:
    """Each row only when it is its turn: as objects, all of them could take thirty times their text's memory."""
    settings: Settings = current_app.config["SETTINGS"]
    for line in lines:
        row = strict_json.loads(line, settings.max_json_depth, settings.max_json_values)
        [(kind, content)] = row.items()
        if kind not in ("picture", "skipped", "summary") or not isinstance(content, dict):
            raise ValueError("no such row")
        if kind == "picture" and not all(map(_is_digit, _digits(content))):
            raise ValueError("a label and what is read are a digit or null")
        yield row


def _digits(picture: Row) -> list[object]:
    """All that is counted of a picture."""
    read = [picture["models"][name]["digit"] for name in NETWORKS]
    return [picture["label"], *read, *(picture["ablation"][step] for step in ABLATION)]


def _is_digit(value: object) -> bool:
    # `type(...)`, because True is an int to isinstance.
    return value is None or (type(value) is int and 0 <= value <= 9)


def _kept(upload: FileStorage) -> IO[bytes]:
    """The upload's content, out of the request's reach: it would close it before the answer is streamed."""
    stream, upload.stream = upload.stream, BytesIO()
    return stream


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> Response:
    """Name the limits of an upload, which are not those of other requests."""
    settings: Settings = current_app.config["SETTINGS"]
    return answer(UploadTooLarge(settings.max_upload_bytes, settings.max_upload_files))


def _allow_uploads() -> None:
    """Let this request be as large as files to compare may be."""
    settings: Settings = current_app.config["SETTINGS"]
    request.max_content_length = settings.max_upload_bytes
    request.max_form_parts = settings.max_upload_files + 1  # `layers` is a part as well
