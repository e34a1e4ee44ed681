"""The HTTP interface as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1), served at /openapi.json.

Addresses, methods and descriptions are those of the routes and their docstrings; names, limits and errors are those of
the code. Only the forms of bodies and answers stand here, and a test sends requests that are made from them.
"""

import re
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify
from werkzeug.routing import Rule

from server.compare import FORMATS, NDJSON
from server.comparison import ABLATION
from server.comparison.shape import Shape
from server.i18n import LANGUAGES
from server.pictures import Layers
from server.problems import FRAMEWORK, MEDIA_TYPE, Problem
from server.recognizer import ROBUST
from server.settings import Settings

blueprint = Blueprint("openapi", __name__)

Schema = dict[str, Any]

FILE: Schema = {"type": "string", "format": "binary"}
NUMBER: Schema = {"type": "number"}
TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}
DIGIT_OR_NULL: Schema = {"type": ["integer", "null"], "minimum": 0, "maximum": 9}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
PNG: Schema = {"type": "string", "pattern": "^data:image/png;base64,"}


@blueprint.get("/openapi.json")
def describe() -> Response:
    """This document."""
    return jsonify(document(current_app))


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of `app`, less the built files of the pages."""
    operations = _operations(app)
    paths: dict[str, Any] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint == "static":
            continue
        method = "post" if "POST" in (rule.methods or ()) else "get"
        paths.setdefault(path(rule), {})[method] = _described(app, rule) | operations.get(rule.endpoint, _page())
    return {
        "openapi": "3.1.1",
        "info": {"title": "Digit Lab", "version": "1", "description": "Reads handwritten digits."},
        "paths": paths,
        "components": {"schemas": _schemas(list(app.extensions["recognizers"]))},
    }


def path(rule: Rule) -> str:
    """A route's address as OpenAPI writes it, with its variables in braces."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def _described(app: Flask, rule: Rule) -> dict[str, Any]:
    summary, _, description = (app.view_functions[rule.endpoint].__doc__ or "").partition("\n\n")
    lines = [line.strip() for line in description.strip().splitlines()]
    return {"operationId": rule.endpoint, "summary": summary, "description": "\n".join(lines)}


def _operations(app: Flask) -> dict[str, Any]:
    """By endpoint, for all but pages."""
    settings: Settings = app.config["SETTINGS"]
    models = _query("model", {"enum": list(app.extensions["recognizers"]), "default": ROBUST}, "The network to ask.")
    upload = {"type": "array", "items": FILE, "minItems": 1}
    form: Schema = {"files": upload, "layers": {"enum": [*Layers], "default": Layers.AUTO}}
    return {
        "offline.manifest": {"parameters": [_language()]} | _page("application/manifest+json", {"type": "object"}),
        "offline.service_worker": _page("text/javascript"),
        "openapi.describe": {"responses": _answers({"application/json": {"type": "object"}})},
        "api.health": {"responses": _answers({"application/json": _ref("Health")})},
        "api.predict": {
            "parameters": [models, _query("normalized", TEXT, "1 asks for what the network saw.")],
            "requestBody": _body(
                {"multipart/form-data": _object({"picture": FILE}), "application/json": _ref("Pixels")},
                f"At most {settings.max_body_bytes} bytes and {settings.max_pixels} pixels.",
            ),
            "responses": _answers({"application/json": _ref("Prediction")}) | _errors(),
        },
        "compare.compare": {
            "requestBody": _body(
                {"multipart/form-data": _object(form, optional=("layers",))},
                f"At most {settings.max_upload_bytes} bytes in {settings.max_upload_files} files.",
            ),
            "responses": _answers({"application/json": _ref("Report"), NDJSON: TEXT, "text/html": TEXT}) | _errors(),
        },
        "compare.report": {
            "parameters": [_query("format", {"enum": list(FORMATS), "default": "html"}, "The form of the report.")],
            "requestBody": _body({NDJSON: TEXT}, f"At most {settings.max_upload_bytes} bytes."),
            "responses": _answers({kind.partition(";")[0]: _report(kind) for kind in FORMATS.values()}) | _errors(),
        },
    }


def _schemas(models: list[str]) -> dict[str, Schema]:
    interval = _object({"share": SHARE, "low": SHARE, "high": SHARE})
    accuracy = {"anyOf": [interval, {"type": "null"}]}
    recall = {"type": "array", "items": {"type": ["number", "null"], "minimum": 0, "maximum": 1}}
    on_mnist = {"anyOf": [_object({"n": COUNT, "accuracy": interval, "recall": recall}), {"type": "null"}]}
    confusion = {
        "type": "array",
        "items": {"type": "array", "items": COUNT},
        "description": "[true digit][digit read], the eleventh column for nothing drawn.",
    }
    probabilities = {"type": "array", "items": SHARE, "minItems": 10, "maxItems": 10}
    answer = _object({"digit": DIGIT_OR_NULL, "probabilities": probabilities, "sees": PNG})
    figures = {"version": TEXT, "n": COUNT, "accuracy": accuracy, "recall": recall, "confusion": confusion}
    measures = _object(dict.fromkeys(Shape._fields, NUMBER))
    return {
        "Health": _object({"status": {"const": "ok"}, "models": _object(dict.fromkeys(models, TEXT))}),
        "Pixels": _object(
            {
                "width": {"type": "integer", "minimum": 1},
                "height": {"type": "integer", "minimum": 1},
                "pixels": TEXT | {"contentEncoding": "base64", "description": "width * height grey bytes, row by row."},
            }
        ),
        "Prediction": _object(
            {
                "digit": DIGIT_OR_NULL | {"description": "null where nothing is drawn."},
                "probabilities": probabilities,
                "model": _object({"name": {"enum": models}, "version": TEXT}),
                "normalized": TEXT | {"contentEncoding": "base64"},
            },
            optional=("normalized",),
        ),
        "Picture": _object(
            {
                "name": TEXT,
                "layer": TEXT_OR_NULL,
                "label": DIGIT_OR_NULL,
                "label_source": {"enum": ["layer", "folder", "file", None]},
                "original": PNG,
                "models": _object(dict.fromkeys(models, answer)),
                "ablation": _object(dict.fromkeys(ABLATION, DIGIT_OR_NULL)),
                "shape": measures,
                "percentiles": {"anyOf": [measures, {"type": "null"}]},
                **_texts("reasons", {"type": "array", "items": TEXT}),
                "suspect": {"type": "boolean", "description": "Whether the label is probably wrong."},
                "nearest": {"type": "object", "additionalProperties": {"type": "array", "items": PNG}},
            }
        ),
        "Skipped": _object({"name": TEXT, "layer": TEXT_OR_NULL, **_texts("reason", TEXT)}),
        "Summary": _object(
            {
                **dict.fromkeys(("pictures", "unlabelled", "skipped"), COUNT),
                "models": _object(dict.fromkeys(models, _object(figures | {"mnist": on_mnist}))),
                "ablation": _object(dict.fromkeys(ABLATION, accuracy)),
                "mnist": {"type": "boolean", "description": "Whether MNIST was there to compare with."},
            }
        ),
        "Report": _object(
            {
                "pictures": {"type": "array", "items": _ref("Picture")},
                "skipped": {"type": "array", "items": _ref("Skipped")},
                "summary": _ref("Summary"),
            }
        ),
        "Problem": _object({"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT})
        | {"description": "RFC 9457 problem details; `detail` says what to do, in the language of the request."},
    }


def _texts(name: str, schema: Schema) -> dict[str, Schema]:
    """A field in the language of the request, and in all."""
    return {name: schema, "translations": _object(dict.fromkeys(LANGUAGES, _object({name: schema})))}


def _page(content_type: str = "text/html", schema: Schema = TEXT) -> dict[str, Any]:
    return {
        "responses": {
            "200": {"description": "What a browser shows or keeps.", "content": _content({content_type: schema})},
            "302": {"description": "To the same page in the language that `?lang=` chose."},
            "default": {"description": "The error, as a page.", "content": _content({"text/html": TEXT})},
        },
    }


def _language() -> dict[str, Any]:
    return {"in": "path", "name": "language", "required": True, "schema": {"enum": [*LANGUAGES]}}


def _errors() -> dict[str, Any]:
    """What may go wrong with a request that has a body, by status."""
    titles = {status: title.text for status, (title, _) in FRAMEWORK.items() if status not in (404, 405)}
    titles |= {problem.status: problem.title.text for problem in Problem.__subclasses__()}
    content = {MEDIA_TYPE: {"schema": _ref("Problem")}}
    return {str(status): {"description": title, "content": content} for status, title in sorted(titles.items())}


def _answers(contents: dict[str, Schema]) -> dict[str, Any]:
    problem = {"description": "Something went wrong.", "content": {MEDIA_TYPE: {"schema": _ref("Problem")}}}
    return {"200": {"description": "The answer.", "content": _content(contents)}, "default": problem}


def _report(content_type: str) -> Schema:
    return {"application/json": _ref("Report"), FORMATS["npz"]: FILE}.get(content_type, TEXT)


def _body(contents: dict[str, Schema], description: str) -> dict[str, Any]:
    return {"required": True, "description": description, "content": _content(contents)}


def _content(contents: dict[str, Schema]) -> dict[str, Any]:
    return {content_type: {"schema": schema} for content_type, schema in contents.items()}


def _query(name: str, schema: Schema, description: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": schema, "description": description}


def _object(properties: dict[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
