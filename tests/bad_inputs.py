"""Requests that must be refused, each with the status and a word of the answer."""

import base64
import gzip
import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tests.archives import encrypted, with_link, zipped
from tests.pictures import encode, seven

BOUNDARY = "the-boundary"
END = f"--{BOUNDARY}--\r\n".encode()
FORM = f"multipart/form-data; boundary={BOUNDARY}"
JSON = "application/json"
NDJSON = "application/x-ndjson"
PNG = encode(seven())


class BadInput(NamedTuple):
    """One refused request."""

    name: str
    body: bytes
    content_type: str | None
    status: int
    word: str
    """Stands in the English `detail`."""
    path: str = "/api/predict"
    method: str = "POST"
    headers: Mapping[str, str] = {}


def form(content: bytes, filename: str | None = "7.png", field: str = "picture", times: int = 1) -> bytes:
    """A multipart body with one part, or the same part several times; without a filename, no file."""
    name = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{name}\r\n\r\n'
    return (head.encode() + content + b"\r\n") * times + END


def joined(first: bytes, second: bytes) -> bytes:
    """The parts of two forms as one."""
    return first.removesuffix(END) + second


def pixels(**changed: Any) -> bytes:
    """A JSON body of 2 x 2 pixels with some fields changed; `...` leaves one out."""
    fields = {"width": 2, "height": 2, "pixels": base64.b64encode(bytes(4)).decode()} | changed
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


def png_of(*chunks: tuple[bytes, bytes], width: int = 8, height: int = 8, colour: int = 0) -> bytes:
    """A PNG of these chunks, by kind and content, after a head of that size and colour type."""
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, content in ((b"IHDR", head), *chunks, (b"IEND", b"")):
        data += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data


def hollow_png(width: int, height: int) -> bytes:
    """A PNG of that size in 57 bytes: it holds no pixel."""
    return png_of((b"IDAT", b""), width=width, height=height)


def photoshop_head(
    width: int = 8, height: int = 8, version: int = 1, channels: int = 3, depth: int = 8, mode: int = 3
) -> bytes:
    """The first 26 bytes of a PSD, by default in 8 bit RGB."""
    return struct.pack(">4sH6xHIIHH", b"8BPS", version, channels, height, width, depth, mode)


def tiff_of(*fields: tuple[int, int], following: int = 0) -> bytes:
    """A TIFF of one directory with these tags and 32-bit values; `following` is where the next one stands."""
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields)
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + entries + struct.pack("<I", following)


def _file(name: str, content: bytes, status: int, word: str, filename: str = "7.png") -> BadInput:
    return BadInput(name, form(content, filename), FORM, status, word)


def _json(name: str, body: bytes, status: int, word: str) -> BadInput:
    return BadInput(name, body, JSON, status, word)


def _other(name: str, method: str, path: str, status: int, word: str) -> BadInput:
    return BadInput(name, b"", None, status, word, path, method)


def _compare(name: str, body: bytes, status: int, word: str) -> BadInput:
    return BadInput(name, body, FORM, status, word, "/api/compare")


def _report(name: str, body: bytes, word: str = "rows of a comparison", query: str = "") -> BadInput:
    return BadInput(name, body, NDJSON, 400, word, "/api/report" + query)


def _cross_site(name: str, path: str, headers: Mapping[str, str]) -> BadInput:
    return BadInput(name, pixels(), JSON, 403, "Open Digit Lab itself", path, headers=headers)


BOMB = zlib.compress(bytes(2**26), 9)
"""64 MiB of zeros in 64 KiB."""
JPEG_HEAD = (
    b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB3B", 11, 8, 65_500, 65_500, 1, 1, 0x11, 0) + b"\xff\xda\0\x08\1\1\0\0?\0"
)
BMP_HEAD = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 30_000, 30_000, 1, 24, 0, 0, 0, 0, 0, 0)
TIFF_HEAD = tiff_of(
    (256, 30_000), (257, 30_000), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 30_000), (279, 1)
)
LAUGHS = (
    b'<!DOCTYPE svg [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + k, b"&%c;" % (97 + k) * 10) for k in range(9))
    + b']><svg xmlns="http://www.w3.org/2000/svg">&j;</svg>'
)
FOREIGN = b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'


def _as_url(png: bytes) -> bytes:
    return b"data:image/png;base64," + base64.b64encode(png)


PICTURE_ROW = json.dumps(
    {
        "picture": {
            "label": 7,
            "models": {"robust": {"digit": 7, "sees": "%s"}, "classic": {"digit": 7}},
            "ablation": {"raw": 7, "box": 7, "mass": 7},
            "percentiles": None,
        }
    }
).encode()

BAD_INPUTS = [
    # the body as a whole
    BadInput("no body", b"", None, 415, "multipart/form-data"),
    BadInput("plain text", b"7", "text/plain", 415, "multipart/form-data"),
    BadInput("a bare PNG", PNG, "image/png", 415, "multipart/form-data"),
    BadInput("a URL-encoded form", b"picture=7", "application/x-www-form-urlencoded", 415, "JSON"),
    BadInput("an unknown encoding of text", b"7", "application/json5", 415, "JSON"),
    # forms
    BadInput("a form without a boundary", form(PNG), "multipart/form-data", 400, "picture"),
    BadInput("a form with another boundary", form(PNG), FORM + "-other", 400, "picture"),
    BadInput("an empty form", END, FORM, 400, "picture"),
    BadInput("a form cut in its head", form(PNG)[:40], FORM, 400, "picture"),
    BadInput("a form cut in its file", form(PNG)[:200], FORM, 400, "picture"),
    BadInput("a file in another field", form(PNG, field="image"), FORM, 400, "picture"),
    BadInput("a field that is no file", form(b"7", filename=None), FORM, 400, "picture"),
    BadInput("two files", form(PNG, times=2), FORM, 400, "one file"),
    BadInput("a form field of a megabyte", form(bytes(2**20), filename=None), FORM, 413, "smaller"),
    BadInput("a hundred parts", form(b"7", filename=None, times=100), FORM, 413, "smaller"),
    # files
    _file("an empty file", b"", 422, "empty"),
    _file("one byte", b"\x89", 415, "PNG"),
    _file("text named .png", b"seven", 415, "PNG"),
    _file("zeros", bytes(1000), 415, "PNG"),
    _file("an SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>', 415, "PNG", "7.svg"),
    _file("an SVG that grows to a billion laughs", LAUGHS, 415, "SVG", "7.svg"),
    _file("an SVG that names a file of the server", FOREIGN, 415, "SVG", "7.svg"),
    _file("a PDF", b"%PDF-1.7\n%%EOF", 415, "PNG", "7.pdf"),
    _file(
        "an EPS, which must not start Ghostscript",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        415,
        "PNG",
    ),
    _file("a Photoshop file of zeros", b"8BPS\0\1" + bytes(60), 422, "Photoshop", "7.psd"),
    _file("a Photoshop file cut after its signature", b"8BPS", 422, "Photoshop", "7.psd"),
    _file("30000 x 30000 in a Photoshop file of 26 bytes", photoshop_head(30_000, 30_000), 413, "pixels", "7.psd"),
    _file("a Photoshop file that is a head and nothing else", photoshop_head(8, 8), 422, "Photoshop", "7.psd"),
    _file("a ZIP", b"PK\3\4" + bytes(30), 415, "PNG", "7.zip"),
    _file("an icon, a format that Pillow knows and we don't", encode(seven(32, 32), "ICO"), 415, "PNG"),
    _file("a PNG cut after its signature", PNG[:8], 422, "damaged"),
    _file("a PNG cut in its pixels", PNG[: len(PNG) // 2], 422, "damaged"),
    _file("a PNG with a wrong checksum", PNG.replace(b"IDAT", b"IDAT\xff", 1), 422, "damaged"),
    _file("a JPEG cut in half", encode(seven(), "JPEG")[:400], 422, "damaged"),
    _file("a JPEG cut after its signature", b"\xff\xd8\xff", 422, "damaged"),
    _file("a GIF cut in half", encode(seven(), "GIF")[:60], 422, "damaged"),
    _file("a BMP cut in half", encode(seven(), "BMP")[:2000], 422, "damaged"),
    _file("a TIFF cut in half", encode(seven(), "TIFF")[:2000], 422, "damaged"),
    _file("a WebP cut in half", encode(seven(), "WEBP", lossless=True)[:60], 422, "damaged"),
    _file("a PNG without pixels", hollow_png(8, 8), 422, "damaged"),
    _file("a PNG of 0 x 0", hollow_png(0, 0), 422, "damaged"),
    _file("30000 x 30000 in 57 bytes", hollow_png(30_000, 30_000), 413, "pixels"),
    _file("2147483647 x 2147483647", hollow_png(2**31 - 1, 2**31 - 1), 413, "pixels"),
    _file("more pixels than allowed", encode(np.zeros((6000, 6000), np.uint8)), 413, "pixels"),
    _file("a name that leads to another folder", b"seven", 415, "PNG", "../../../../etc/passwd"),
    _file("a name that is a path of Windows", b"seven", 415, "PNG", "C:\\\\Windows\\\\7.png"),
    _file("a name with a NUL", b"seven", 415, "PNG", "7.png\0.psd"),
    _file("a name with a line break", b"seven", 400, "picture", "7\r\nX-Forged: 1\r\n.png"),
    _file("a name that is a script", b"seven", 415, "PNG", "<script>alert(1)</script>.png"),
    _file("neither name nor content", b"", 422, "empty", ""),
    _file("a megabyte of noise", np.random.default_rng(0).bytes(2**20), 415, "PNG"),
    _file("a Photoshop file of version 3", photoshop_head(version=3), 422, "Photoshop", "7.psd"),
    _file("a Photoshop file of 7 bit", photoshop_head(depth=7), 422, "Photoshop", "7.psd"),
    _file("a Photoshop file in a colour mode that is none", photoshop_head(mode=99), 422, "Photoshop", "7.psd"),
    _file("a Photoshop file with 65535 channels", photoshop_head(channels=65_535), 422, "Photoshop", "7.psd"),
    _file("a Photoshop file without channels", photoshop_head(channels=0), 422, "Photoshop", "7.psd"),
    _file("a Photoshop file of 0 x 0", photoshop_head(0, 0), 422, "Photoshop", "7.psd"),
    _file("a PSB of 300000 x 300000", photoshop_head(300_000, 300_000, version=2), 413, "pixels", "7.psb"),
    _file("a section of 4 GiB in a Photoshop file", photoshop_head() + b"\xff" * 40, 422, "Photoshop", "7.psd"),
    _file("a PNG in a colour type that is none", png_of((b"IDAT", zlib.compress(bytes(72))), colour=5), 422, "damaged"),
    _file("a PNG whose pixels are no deflate", png_of((b"IDAT", b"seven")), 422, "damaged"),
    _file("a PNG that unpacks to text without end", png_of((b"zTXt", b"a\0\0" + BOMB), (b"IDAT", b"")), 422, "damaged"),
    _file(
        "a PNG with a colour profile without end", png_of((b"iCCP", b"a\0\0" + BOMB), (b"IDAT", b"")), 422, "damaged"
    ),
    _file("a JPEG of 65500 x 65500", JPEG_HEAD, 413, "pixels"),
    _file("a GIF of 65535 x 65535", b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08\0;", 413, "pixels"),
    _file("a BMP of 30000 x 30000", BMP_HEAD, 413, "pixels"),
    _file("a TIFF of 30000 x 30000", TIFF_HEAD, 413, "pixels"),
    _file("a TIFF whose directory follows itself", tiff_of((256, 8), (257, 8), following=8), 422, "damaged"),
    _file(
        "a TIFF of 4 billion strips", tiff_of((256, 8), (257, 8), (273, 2**32 - 1), (279, 2**32 - 1)), 422, "damaged"
    ),
    _file("a TIFF that begins behind its end", b"II*\0\xff\xff\xff\x7f", 422, "damaged"),
    # JSON
    _json("an empty JSON body", b"", 400, "JSON"),
    _json("no JSON", b"{width: 2}", 400, "JSON"),
    _json("JSON cut short", pixels()[:-1], 400, "JSON"),
    _json("JSON twice", pixels() * 2, 400, "JSON"),
    _json("not UTF-8", b'{"width": "\xff"}', 400, "UTF-8"),
    _json("UTF-16", pixels().decode().encode("utf-16"), 400, "UTF-8"),
    _json("nested 100,000 deep", b"[" * 100_000 + b"]" * 100_000, 400, "JSON"),
    _json("objects nested 100,000 deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "JSON"),
    _json("4 MiB of brackets", b"[" * 2**22, 400, "only"),
    _json("a list without end", b"[" + b"1," * 2**21 + b"1]", 400, "only"),
    _json("a list", b"[2, 2]", 400, "object"),
    _json("null", b"null", 400, "object"),
    _json("a text", b'"7"', 400, "object"),
    _json("no width", pixels(width=...), 400, "width"),
    _json("no height", pixels(height=...), 400, "height"),
    _json("no pixels", pixels(pixels=...), 400, "pixels"),
    _json("a width of 0", pixels(width=0), 400, "width"),
    _json("a negative height", pixels(height=-2), 400, "height"),
    _json("both negative", pixels(width=-2, height=-2), 400, "width"),
    _json("a fractional width", pixels(width=2.5), 400, "width"),
    _json("a width of 2.0", pixels(width=2.0), 400, "width"),
    _json("a width that is a text", pixels(width="2"), 400, "width"),
    _json("a width that is true", pixels(width=True, height=4), 400, "width"),
    _json("a width that is null", pixels(width=None), 400, "width"),
    _json("a width of NaN", pixels(width=float("nan")), 400, "JSON"),
    _json("a width of Infinity", pixels(width=float("inf")), 400, "JSON"),
    _json("a width of 1e999", b'{"width": 1e999, "height": 2, "pixels": ""}', 400, "JSON"),
    _json("a width of 5000 digits", b'{"width": ' + b"9" * 5000 + b"}", 400, "JSON"),
    _json("a width of 4000 digits", b'{"width": ' + b"9" * 4000 + b', "height": 1, "pixels": ""}', 413, "pixels"),
    _json("more pixels than allowed in JSON", pixels(width=30_000, height=30_000), 413, "pixels"),
    _json("pixels as numbers", pixels(pixels=[0, 0, 0, 0]), 400, "base64"),
    _json("pixels of NaN", pixels(pixels=[float("nan")] * 4), 400, "JSON"),
    _json("pixels that are null", pixels(pixels=None), 400, "base64"),
    _json("pixels that are no base64", pixels(pixels="!!!!"), 422, "base64"),
    _json("base64 without its padding", pixels(pixels="AAAAAA"), 422, "base64"),
    _json("base64 with line breaks", pixels(pixels="AAAA\nAA=="), 422, "base64"),
    _json("base64 of URLs", pixels(pixels="__-_-w=="), 422, "base64"),
    _json("pixels with Cyrillic letters", pixels(pixels="АААААА=="), 422, "base64"),
    _json("a lone surrogate in the pixels", b'{"width": 2, "height": 2, "pixels": "\\ud800"}', 422, "base64"),
    _json("too few pixels", pixels(pixels="AAAA"), 422, "3 bytes"),
    _json("too many pixels", pixels(pixels="AAAAAAA="), 422, "5 bytes"),
    _json("no pixel at all", pixels(pixels=""), 422, "0 bytes"),
    _json("packed with gzip", gzip.compress(pixels()), 400, "UTF-8"),
    # addresses and methods
    BadInput("a model that there is not", pixels(), JSON, 400, "classic, robust", "/api/predict?model=gpt"),
    BadInput("a model without a name", pixels(), JSON, 400, "classic, robust", "/api/predict?model="),
    BadInput("a model that is a path", pixels(), JSON, 400, "classic, robust", "/api/predict?model=../robust"),
    _other("a prediction by GET", "GET", "/api/predict", 405, "Allow"),
    _other("a prediction by PUT", "PUT", "/api/predict", 405, "Allow"),
    _other("a comparison by DELETE", "DELETE", "/api/compare", 405, "Allow"),
    _other("health by POST", "POST", "/healthz", 405, "Allow"),
    _other("the document by POST", "POST", "/openapi.json", 405, "Allow"),
    _other("a method of one's own", "BREW", "/api/predict", 405, "Allow"),
    _other("an address that there is not", "GET", "/api/nothing", 404, "address"),
    _other("an address with a NUL", "GET", "/api/%00", 404, "address"),
    _other("an address that leads to a file", "GET", "/api/..%2f..%2f..%2fetc/passwd", 404, "address"),
    _other("an address of broken UTF-8", "GET", "/api/%ff%fe", 404, "address"),
    # other sites
    _cross_site("sent by another site", "/api/predict", {"Sec-Fetch-Site": "cross-site"}),
    _cross_site("sent by a sister site", "/api/predict", {"Sec-Fetch-Site": "same-site"}),
    _cross_site("sent from another origin", "/api/report", {"Origin": "https://example.org"}),
    _cross_site("sent from no origin", "/api/compare", {"Origin": "null"}),
    # comparisons
    BadInput("a comparison without a body", b"", None, 400, "files", "/api/compare"),
    BadInput("a comparison in JSON", b'{"files": []}', JSON, 400, "files", "/api/compare"),
    _compare("files in another field", form(PNG, field="picture"), 400, "files"),
    _compare("files in a form that is cut", form(PNG, field="files")[:40], 400, "files"),
    _compare("files that are no files", form(b"7", field="files", filename=None), 400, "files"),
    _compare(
        "layers in no way there is", joined(form(b"all", None, "layers"), form(PNG, field="files")), 400, "auto, flat"
    ),
    _compare("more files than are compared", form(b"7", field="files", times=2_001), 413, "smaller"),
    # reports
    _report("a report in a form that there is not", b"{}", "html, csv", "?format=exe"),
    _report("a report of nothing", b""),
    _report("a report of no JSON", b"{"),
    _report("a report not in UTF-8", b'{"skipped": "\xff"}'),
    _report("a report of a number", b"7"),
    _report("a report of NaN", b'{"skipped": NaN}'),
    _report("a report of an empty row", b"{}"),
    _report("a report of a row of another kind", b'{"rows": []}'),
    _report("a report of an empty picture", b'{"picture": {}}'),
    _report("a report with a label of two digits", b'{"picture": {"label": 12}}'),
    _report("a report with a label that is a text", b'{"picture": {"label": "7"}}'),
    _report("a report with a label that is true", b'{"picture": {"label": true}}'),
    _report("a report with a label of 7.0", b'{"picture": {"label": 7.0}}'),
    _report("a report with a label below 0", b'{"picture": {"label": -1}}'),
    _report("a report with true for a digit that was read", PICTURE_ROW.replace(b'"box": 7', b'"box": true')),
    _report("a report with a digit below 0", PICTURE_ROW.replace(b'{"digit": 7}', b'{"digit": -1}')),
    _report("a report with a list for a digit", PICTURE_ROW.replace(b'{"digit": 7}', b'{"digit": []}')),
    _report("a report of an infinite number", b'{"skipped": {"name": 1e999, "layer": null, "reason": ""}}'),
    _report("a report with half a character", b'{"skipped": {"name": "\\ud800", "layer": null, "reason": ""}}'),
    _report("a report of a row that is a number", b'{"skipped": 0}'),
    _report("a report of rows without end", b'{"skipped": {}}\n' * 100_001, "at most 100000 rows"),
    _report("a report whose picture is a bomb", PICTURE_ROW % _as_url(hollow_png(60_000, 60_000)), query="?format=npz"),
    _report("a report of a list without end", b'{"skipped": [' + b"1," * 2**20 + b"1]}"),
    _report("a report nested 100,000 deep", b"[" * 100_000),
    _report("a report whose picture is an address", PICTURE_ROW % b"https://example.org/7.png", query="?format=npz"),
    _report("a report whose picture is a script", PICTURE_ROW % b"javascript:alert(1)", query="?format=npz"),
]
"""The name of each is unique."""


class BadFile(NamedTuple):
    """One file that is told as skipped in a comparison."""

    name: str
    content: bytes
    word: str
    """Stands in the English reason."""


def _changed(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


STORED = zipped({"7.png": PNG}, compression=0)
BAD_FILES = [
    BadFile("an empty file", b"", "empty"),
    BadFile("text", b"seven", "PNG"),
    BadFile("a PNG cut in its pixels", PNG[: len(PNG) // 2], "damaged"),
    BadFile("30000 x 30000 in 57 bytes", hollow_png(30_000, 30_000), "pixels"),
    BadFile("a Photoshop file cut after its signature", b"8BPS", "Photoshop"),
    BadFile("a ZIP of zeros", b"PK\3\4" + bytes(30), "damaged"),
    BadFile("a ZIP cut in its directory", STORED[:-30], "damaged"),
    BadFile("a ZIP with a directory of 4 GiB", STORED[:-10] + b"\xff" * 4 + STORED[-6:], "damaged"),
    BadFile("a file in a ZIP damaged in its middle", _changed(STORED, PNG[40:50], bytes(10)), "damaged"),
    BadFile("a file in a ZIP with another name in its head", STORED.replace(b"7.png", b"8.png", 1), "damaged"),
    BadFile("a file in a ZIP packed in a way there is not", _changed(STORED, b"\0\0\0\0", b"\0\0\x63\0"), "damaged"),
    BadFile("a bomb in a ZIP", zipped({"7.png": bytes(2**24)}), "far more"),
    BadFile("a ZIP in a ZIP", zipped({"7.zip": STORED}), "ZIP inside a ZIP"),
    BadFile("a link in a ZIP", with_link("7.png", "/etc/passwd"), "link"),
    BadFile("an encrypted file in a ZIP", encrypted("7.png", PNG), "encrypted"),
    BadFile("a file that leads out of its ZIP", zipped({"../../7.png": PNG}), "leads out"),
    BadFile("a picture too large in a ZIP", zipped({"7.png": hollow_png(30_000, 30_000)}), "pixels"),
    BadFile("half a Photoshop file in a ZIP", zipped({"7.psd": photoshop_head()}), "Photoshop"),
]
"""The name of each is unique. In a comparison, where the others are read all the same."""
