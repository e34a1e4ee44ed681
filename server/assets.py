"""The built page's files under names with a hash of the content, so that browsers may keep them for good.

The build has compressed them already; HTML, which is made for each request, is compressed here.
"""

import gzip
import json
import mimetypes
from pathlib import Path

from flask import Flask, Response, request, send_from_directory, url_for
from markupsafe import Markup

from server.errors import StartError

MANIFEST = "manifest.json"
FOR_GOOD = "public, max-age=31536000, immutable"
SUFFIXES = {"br": ".br", "gzip": ".gz"}
"""Of the compressed copies that the build makes, by content coding, the smallest first."""

GZIP_FROM = 1_024
"""Bytes of HTML from which compressing is worth its while."""
GZIP_LEVEL = 5

# Some systems' own tables lack these or name them wrongly, and a browser refuses to run them then.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/wasm", ".wasm")


class AssetsError(StartError):
    """The page is not built."""


def register(app: Flask) -> None:
    """Serve the built files, give templates `asset(name)`, and pages and files their caching and compression.

    `app.extensions["assets"]` maps logical to hashed names.

    Raises:
        AssetsError: the build's manifest is missing or damaged.
    """
    dist: Path = app.config["SETTINGS"].dist.resolve()
    path = dist / MANIFEST
    try:
        files: dict[str, str] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise AssetsError(
            f"{path} cannot be read: the page is not built. Build it with `make build`, or as README.md says."
        ) from None
    app.extensions["assets"] = files
    hashed = frozenset(files.values())

    @app.get("/static/dist/<path:filename>", endpoint="static")
    def serve(filename: str) -> Response:
        if filename not in hashed:
            return send_from_directory(dist, filename)
        suffixes = {coding: suffix for coding, suffix in SUFFIXES.items() if (dist / (filename + suffix)).is_file()}
        coding = request.accept_encodings.best_match(suffixes) or "identity"
        file = filename + suffixes.get(coding, "")
        response = send_from_directory(dist, file, mimetype=mimetypes.guess_type(filename)[0])
        if coding in suffixes:
            response.content_encoding = coding
        if suffixes:
            response.vary.add("Accept-Encoding")
        return response

    @app.template_global()
    def asset(name: str) -> str:
        return url_for("static", filename=files[name])

    @app.template_global()
    def content(name: str) -> Markup:
        """A built file's text, to stand in a page that must do without other files."""
        return Markup((dist / files[name]).read_text(encoding="utf-8"))

    @app.after_request
    def cache(response: Response) -> Response:
        is_hashed = request.endpoint == "static" and (request.view_args or {}).get("filename") in hashed
        if request.endpoint == "static":
            response.headers.pop("Content-Disposition", None)  # the hashed name would win over a link's own
        response.headers["Cache-Control"] = FOR_GOOD if is_hashed and response.status_code < 400 else "no-cache"
        return response

    @app.after_request
    def compress(response: Response) -> Response:
        if response.mimetype != "text/html" or response.is_streamed:
            return response
        response.vary.add("Accept-Encoding")
        html = response.get_data()
        if len(html) >= GZIP_FROM and request.accept_encodings.best_match(["gzip"]):
            response.set_data(gzip.compress(html, GZIP_LEVEL, mtime=0))
            response.content_encoding = "gzip"
        return response
