"""The built page's files under names with a hash of the content, so that browsers may keep them for good."""

import json
import mimetypes

from flask import Flask, Response, request, url_for
from markupsafe import Markup

from server.errors import StartError

MANIFEST = "manifest.json"
FOR_GOOD = "public, max-age=31536000, immutable"

# Some systems' own tables lack these or name them wrongly, and a browser refuses to run them then.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/wasm", ".wasm")


class AssetsError(StartError):
    """The page is not built."""


def register(app: Flask) -> None:
    """Give templates `asset(name)`, and the built files their caching.

    Raises:
        AssetsError: the build's manifest is missing or damaged.
    """
    path = app.config["SETTINGS"].dist / MANIFEST
    try:
        files: dict[str, str] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise AssetsError(
            f"{path} cannot be read: the page is not built. Build it with `npm ci && node static/build.mjs`."
        ) from None
    hashed = frozenset(files.values())

    @app.template_global()
    def asset(name: str) -> str:
        return url_for("static", filename=files[name])

    @app.template_global()
    def content(name: str) -> Markup:
        """A built file's text, to stand in a page that must do without other files."""
        return Markup((app.config["SETTINGS"].dist / files[name]).read_text(encoding="utf-8"))

    @app.after_request
    def cache(response: Response) -> Response:
        is_hashed = request.endpoint == "static" and (request.view_args or {}).get("filename") in hashed
        if request.endpoint == "static":
            response.headers.pop("Content-Disposition", None)  # the hashed name would win over a link's own
        response.headers["Cache-Control"] = FOR_GOOD if is_hashed and response.status_code < 400 else "no-cache"
        return response
