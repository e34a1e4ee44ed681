"""Requests to POST /api/predict that must be refused, each with the status and a word of the answer."""

import base64
import json
import struct
import zlib
from typing import Any, NamedTuple

import numpy as np

from tests.pictures import encode, seven

BOUNDARY = "the-boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
JSON = "application/json"
PNG = encode(seven())


class BadInput(NamedTuple):
    """One refused request."""

    name: str
    body: bytes
    content_type: str | None
    status: int
    word: str
    """Stands in the English `detail`."""


def form(content: bytes, filename: str | None = "7.png", field: str = "picture", times: int = 1) -> bytes:
    """A multipart body with one part, or the same part several times; without a filename, no file."""
    name = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{name}\r\n\r\n'
    return (head.encode() + content + b"\r\n") * times + f"--{BOUNDARY}--\r\n".encode()


def pixels(**changed: Any) -> bytes:
    """A JSON body of 2 x 2 pixels with some fields changed; `...` leaves one out."""
    fields = {"width": 2, "height": 2, "pixels": base64.b64encode(bytes(4)).decode()} | changed
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


def hollow_png(width: int, height: int) -> bytes:
    """A PNG of that size in 57 bytes: it holds no pixel."""

    def chunk(kind: bytes, content: bytes = b"") -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT") + chunk(b"IEND")


def photoshop_head(width: int, height: int) -> bytes:
    """The first 26 bytes of a PSD of that size, in 8 bit RGB."""
    return struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, height, width, 8, 3)


def _file(name: str, content: bytes, status: int, word: str, filename: str = "7.png") -> BadInput:
    return BadInput(name, form(content, filename), FORM, status, word)


def _json(name: str, body: bytes, status: int, word: str) -> BadInput:
    return BadInput(name, body, JSON, status, word)


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
    BadInput("an empty form", f"--{BOUNDARY}--\r\n".encode(), FORM, 400, "picture"),
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
    # JSON
    _json("an empty JSON body", b"", 400, "JSON"),
    _json("no JSON", b"{width: 2}", 400, "JSON"),
    _json("JSON cut short", pixels()[:-1], 400, "JSON"),
    _json("JSON twice", pixels() * 2, 400, "JSON"),
    _json("not UTF-8", b'{"width": "\xff"}', 400, "UTF-8"),
    _json("UTF-16", pixels().decode().encode("utf-16"), 400, "UTF-8"),
    _json("nested 100,000 deep", b"[" * 100_000 + b"]" * 100_000, 400, "JSON"),
    _json("objects nested 100,000 deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "JSON"),
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
    _json("a width of 1e999", b'{"width": 1e999, "height": 2, "pixels": ""}', 400, "width"),
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
]
"""The name of each is unique."""
