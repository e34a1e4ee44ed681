"""Digit Lab's server: the pages, and predictions for whoever cannot run the network in a browser."""

from flask import Flask, request
from werkzeug.exceptions import LengthRequired

from server import (
    api,
    assets,
    commands,
    compare,
    i18n,
    logs,
    offline,
    openapi,
    pages,
    problems,
    rates,
    recognizer,
    security,
)
from server.comparison.mnist import Loading
from server.pictures.reader import Reader
from server.settings import ROOT, Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Wire the application.

    Args:
        settings: those of the environment where None.

    Raises:
        StartError: a setting, a model or the built page is unusable; the message says which and what to do.
    """
    settings = settings or Settings.from_environment()
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=None,  # assets.py serves the built files
    )
    app.config.update(
        SETTINGS=settings,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_field_bytes,
        MAX_FORM_PARTS=settings.max_form_parts,
    )
    app.extensions["recognizers"] = recognizer.load(settings.models)
    app.extensions["reader"] = Reader(settings)
    app.extensions["mnist"] = Loading(app.extensions["recognizers"])
    logs.register(app)
    problems.register(app)
    i18n.register(app)
    security.register(app)
    assets.register(app)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(compare.blueprint)
    app.register_blueprint(openapi.blueprint)
    offline.register(app)
    rates.register(app)
    app.cli.add_command(commands.compare)

    @app.before_request
    def require_length() -> None:
        # A WSGI server that passes a chunked body on without its length would pass it cut at the limit.
        if "Transfer-Encoding" in request.headers and request.content_length is None:
            raise LengthRequired

    return app
