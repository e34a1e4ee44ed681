"""Each limit of the settings in both directions: what just keeps to it passes, one more is refused with advice.

Limits on a connection, and on the time and memory of a file, have tests of their own in test_serving and test_reader.
"""

from dataclasses import fields
from typing import NamedTuple

import numpy as np
import pytest

from server import create_app
from server.settings import Settings
from tests.archives import zipped
from tests.bad_inputs import FORM, JSON, NDJSON, PNG, form, joined, pixels
from tests.photoshop import layer, paper, written_by_ag_psd, written_by_hand
from tests.pictures import encode, seven
from tests.server.test_api import assert_is_problem

ELSEWHERE = {"max_connections", "max_queue", "max_header_bytes", "max_file_seconds", "max_reader_bytes"}
PREDICT, COMPARE, REPORT = "/api/predict", "/api/compare", "/api/report?format=json"
ROW = b'{"summary": {}}\n'
SMALL_PNG = encode(seven(20, 30))


class Limit(NamedTuple):
    """A limit with a request that keeps to it, and one that does not."""

    name: str
    settings: dict[str, int]
    path: str
    content_type: str
    passes: bytes
    refused: bytes
    word: str
    """Stands in the refusal: that of the request, or of the one file where the others are compared all the same."""


def grey(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width), np.uint8)


def as_json(height: int, width: int) -> bytes:
    return pixels(width=width, height=height, pixels="A" * (height * width // 3 * 4) + "AA=="[: height * width % 3 * 4])


def fields_of(length: int) -> bytes:
    """A form with a text field so long, and a picture."""
    return joined(form(b"x" * length, filename=None, field="note"), form(SMALL_PNG))


def parts(count: int) -> bytes:
    """A form of so many parts, one of which is a picture."""
    return joined(form(b"x", filename=None, field="note", times=count - 1), form(SMALL_PNG))


def files(count: int) -> bytes:
    return joined(form(SMALL_PNG, field="files", times=count), form(b"flat", None, "layers"))


def holding(count: int) -> bytes:
    """A picture with a list beside it, so many values in all."""
    rest = pixels(more=None).count(b",")  # and two brackets
    return pixels(more=None).replace(b"null", b"[" + b"0," * (count - rest - 2) + b"0]")


def nested(depth: int) -> bytes:
    """JSON of a picture nested so deep by a field that nobody asked for."""
    return pixels(more=None).replace(b"null", b"[" * (depth - 1) + b"]" * (depth - 1))


def with_layers(count: int, side: int = 20) -> bytes:
    """A form with a Photoshop file of so many layers of side x side pixels."""
    layers = [layer(str(number), paper(side, side), 0, 0) for number in range(count)]
    return form(written_by_ag_psd(*layers, size=(30, 30), merged=paper(30, 30)), "7.psd")


def in_zip(**contents: bytes) -> bytes:
    return form(zipped({name.replace("_", "."): content for name, content in contents.items()}), "a.zip", "files")


def bmp(length: int) -> bytes:
    """A picture that packs well, in a file of so many bytes."""
    return encode(grey(28, 28), "BMP").ljust(length, b"\0")


def _upload(length: int) -> bytes:
    """A form of so many bytes with a file to compare."""
    empty = len(form(b"", field="files"))
    return form(SMALL_PNG.ljust(length - empty, b"\0"), field="files")


LIMITS = [
    Limit(
        "a body", {"max_body_bytes": 2**18}, PREDICT, JSON, pixels().ljust(2**18), pixels().ljust(2**18 + 1), "smaller"
    ),
    Limit("parts of a form", {"max_form_parts": 3}, PREDICT, FORM, parts(3), parts(4), "smaller"),
    Limit(
        "fields of a form", {"max_field_bytes": 2**17}, PREDICT, FORM, fields_of(2**17), fields_of(2**17 + 1), "smaller"
    ),
    Limit("values in JSON", {"max_json_values": 1000}, PREDICT, JSON, holding(1000), holding(1001), "more than"),
    Limit("depth of JSON", {"max_json_depth": 8}, PREDICT, JSON, nested(8), nested(9), "8"),
    Limit("pixels in JSON", {"max_pixels": 900}, PREDICT, JSON, as_json(30, 30), as_json(17, 53), "900"),
    Limit(
        "pixels of a PNG",
        {"max_pixels": 900},
        PREDICT,
        FORM,
        form(encode(grey(30, 30))),
        form(encode(grey(17, 53))),
        "900",
    ),
    Limit(
        "pixels of a Photoshop file",
        {"max_pixels": 900},
        PREDICT,
        FORM,
        form(written_by_hand("grey", grey(30, 30))),
        form(written_by_hand("grey", grey(17, 53))),
        "900",
    ),
    Limit("layers", {"max_layers": 3}, PREDICT, FORM, with_layers(3), with_layers(4), "layers"),
    Limit(
        "area of layers",
        {"max_pixels": 900, "max_layer_area": 2},
        PREDICT,
        FORM,
        with_layers(2, 30),
        with_layers(3, 30),
        "layers",
    ),
    Limit("rows of a report", {"max_report_rows": 2}, REPORT, NDJSON, ROW * 2, ROW * 3, "2 rows"),
    Limit("an upload", {"max_upload_bytes": 2**20}, COMPARE, FORM, _upload(2**20), _upload(2**20 + 1), "1 MB"),
    Limit("files of an upload", {"max_upload_files": 3}, COMPARE, FORM, files(3), files(4), "3 files"),
    Limit(
        "a file to compare",
        {"max_file_bytes": 2**11},
        COMPARE,
        FORM,
        form(bmp(2**11), "7.bmp", "files"),
        form(bmp(2**11 + 1), "7.bmp", "files"),
        "MB",
    ),
    Limit(
        "a file in a ZIP",
        {"max_file_bytes": 2**11},
        COMPARE,
        FORM,
        in_zip(a_bmp=bmp(2**11)),
        in_zip(a_bmp=bmp(2**11 + 1)),
        "MB",
    ),
    Limit(
        "entries of a ZIP",
        {"max_zip_entries": 2},
        COMPARE,
        FORM,
        in_zip(a_png=SMALL_PNG, b_png=SMALL_PNG),
        in_zip(a_png=SMALL_PNG, b_png=SMALL_PNG, c_png=SMALL_PNG),
        "2 files",
    ),
    Limit(
        "ratio of a ZIP",
        {"max_zip_ratio": 2},
        COMPARE,
        FORM,
        in_zip(a_bmp=bmp(2**11)),
        in_zip(a_bmp=bmp(2**11 + 1)),
        "far more",
    ),
]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_what_keeps_to_a_limit_passes_and_what_goes_beyond_is_refused(limit: Limit):
    given = Settings.from_environment()
    app = create_app(Settings(models=given.models, dist=given.dist, **limit.settings))
    client = app.test_client()
    passed = client.post(limit.path, data=limit.passes, content_type=limit.content_type)
    assert passed.status_code == 200, passed.text
    assert not passed.json.get("skipped")
    refused = client.post(limit.path, data=limit.refused, content_type=limit.content_type)
    if refused.status_code == 200:
        [skipped] = refused.json["skipped"]
        assert limit.word in skipped["reason"]
    else:
        assert limit.word in assert_is_problem(refused, refused.status_code)
        assert refused.status_code in (400, 413, 422)
    app.extensions["reader"].close()


def test_every_limit_of_the_settings_is_tried():
    tried = {name for limit in LIMITS for name in limit.settings}
    assert tried | ELSEWHERE == {item.name for item in fields(Settings) if item.name.startswith("max_")}


def test_a_file_may_be_larger_than_the_fields_of_a_form(client):
    content = PNG + bytes(client.application.config["SETTINGS"].max_field_bytes)
    assert client.post(PREDICT, data=form(content), content_type=FORM).status_code == 200
