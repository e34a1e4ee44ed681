"""What programs, and the page where its browser cannot run the network, ask over HTTP."""

import base64
from collections.abc import Mapping

import numpy as np
from flask import Blueprint, Response, current_app, jsonify, request
from numpy.typing import NDArray

from server.messages import message as _l
from server.pictures import pixels
from server.pictures.reader import Reader
from server.problems import BadRequest, ModelsChanged, UnknownModel, UnsupportedMediaType
from server.recognizer import ROBUST, ModelError, Recognizer
from server.settings import Settings

blueprint = Blueprint("api", __name__)


@blueprint.get("/healthz")
def health() -> Response:
    """Answer 200 with the version of each model while its files are those that were loaded, else 503."""
    try:
        for model in _recognizers().values():
            model.check_files()
    except ModelError as error:
        current_app.logger.error("%s", error)
        raise ModelsChanged from None
    return jsonify(status="ok", models={name: model.version for name, model in _recognizers().items()})


@blueprint.post("/api/predict")
def predict() -> Response:
    """Read one digit: a file in the form field `picture`, or JSON with raw grey pixels.

    `?model=` names the network. The answer's `digit` is null where nothing is drawn. `?normalized=1` adds what the
    network saw, as base64 of 28 * 28 bytes row by row, 0 ground to 255 ink.
    """
    recognizers = _recognizers()
    name = request.args.get("model", ROBUST)
    if name not in recognizers:
        raise UnknownModel(_l("Choose one of these models: %(names)s.", names=", ".join(recognizers)))
    recognizer = recognizers[name]
    answer = recognizer.recognize(_picture())
    seen = {}
    if request.args.get("normalized") == "1":
        seen["normalized"] = base64.b64encode(np.round(255 * answer.normalized).astype(np.uint8).tobytes()).decode()
    return jsonify(
        digit=answer.digit,
        probabilities=[float(probability) for probability in answer.probabilities],
        model={"name": recognizer.name, "version": recognizer.version},
        **seen,
    )


def _recognizers() -> Mapping[str, Recognizer]:
    recognizers: Mapping[str, Recognizer] = current_app.extensions["recognizers"]
    return recognizers


def _picture() -> NDArray[np.uint8]:
    """The request's one picture, as greys [h, w]."""
    settings: Settings = current_app.config["SETTINGS"]
    if request.mimetype == "application/json":
        return pixels.read(request.get_data(), settings.max_pixels, settings.max_json_depth, settings.max_json_values)
    if request.mimetype == "multipart/form-data":
        files = request.files.getlist("picture")
        if len(files) != 1:  # also none where the body is cut or its boundary is missing
            raise BadRequest(_l('Send exactly one file, in the form field "picture".'))
        reader: Reader = current_app.extensions["reader"]
        [picture] = reader.read(files[0].read(), files[0].filename or "", client=request.remote_addr or "").pictures
        return picture.grey
    raise UnsupportedMediaType(
        _l('Send multipart/form-data with a file "picture", or JSON with "width", "height" and "pixels".')
    )
