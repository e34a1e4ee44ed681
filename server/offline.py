"""What lets the pages be installed and used without a network: the web manifest and the service worker."""

import hashlib
import json
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, render_template, request, url_for
from flask_babel import force_locale, gettext

from server import assets, i18n
from server.settings import ROOT

blueprint = Blueprint("offline", __name__)

PAGES = ("pages.draw", "pages.inside", "offline.offline")
"""Endpoints of the pages that work without the server; the last one stands in for the others."""

ON_DEMAND = frozenset(
    {
        *("compare.js", "compare.css", "report.css", "standalone.js", "sample.zip"),  # Compare needs the server anyway
        *("cpu.js", "webgl.js", "tfjs-backend-wasm.wasm"),  # kept when a browser has needed them once
        *("service-worker.js", "icon-180.png", "icon-192.png", "icon-512.png"),  # the system keeps these
    }
)
"""Built files that are not fetched in advance."""

GROUND = "#f6f4f0"
"""The light page's ground, as in static/css/tokens.css, which an installed page shows while it starts."""


def register(app: Flask) -> None:
    """Serve the manifest and the service worker, and name the release in every page that may be kept."""
    release = _release(app.config["SETTINGS"].dist)
    app.extensions["release"] = release
    app.register_blueprint(blueprint)

    @app.after_request
    def name(response: Response) -> Response:
        if request.endpoint in PAGES:
            response.headers["Release"] = release
        return response


def _release(dist: Path) -> str:
    """A version of all that pages are made of: built files, templates and texts."""
    sources = [dist / assets.MANIFEST, *(ROOT / "templates").rglob("*.html"), *i18n.TRANSLATIONS.rglob("*.po")]
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@blueprint.get("/service-worker.js")
def service_worker() -> Response:
    """static/js/service-worker.js with the release that it keeps."""
    files = current_app.extensions["assets"]
    release = {
        "version": current_app.extensions["release"],
        "languages": i18n.LANGUAGES,
        "pages": [url_for(endpoint) for endpoint in PAGES],
        "folder": url_for("static", filename=""),
        "files": [url_for("static", filename=file) for name, file in files.items() if name not in ON_DEMAND],
    }
    script = (current_app.config["SETTINGS"].dist / files["service-worker.js"]).read_text(encoding="utf-8")
    return Response(f"const RELEASE = {json.dumps(release)};\n{script}", mimetype="text/javascript")


@blueprint.get("/<language>.webmanifest")
def manifest(language: str) -> Response:
    """What a system needs to install the pages (https://www.w3.org/TR/appmanifest/)."""
    if language not in i18n.LANGUAGES:
        abort(404)

    def icon(name: str, sizes: str, purpose: str = "any") -> dict[str, str]:
        kind = "image/svg+xml" if name.endswith("svg") else "image/png"
        file = current_app.extensions["assets"][name]
        return {"src": url_for("static", filename=file), "sizes": sizes, "type": kind, "purpose": purpose}

    with force_locale(language):
        description = gettext("Draw a digit and watch a neural network read it, while you draw.")
    content = {
        "id": url_for("pages.draw"),
        "name": "Digit Lab",
        "description": description,
        "lang": language,
        "start_url": url_for("pages.draw"),
        "scope": url_for("pages.draw"),
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": GROUND,
        "icons": [
            icon("favicon.svg", "any"),
            icon("icon-192.png", "192x192", "any maskable"),
            icon("icon-512.png", "512x512", "any maskable"),
        ],
    }
    return Response(json.dumps(content), mimetype="application/manifest+json")


@blueprint.get("/offline")
def offline() -> str:
    """Stands in for a page that cannot do without the server."""
    return render_template("offline.html")
