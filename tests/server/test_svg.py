"""SVG: what the pad saves is read, and nothing else; tests/e2e/test_saving.py reads what the pad itself writes."""

import struct
import zlib

import numpy as np
import pytest

from server.pictures import read, svg
from server.problems import UnsupportedPicture
from tests.pictures import encode, seven

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 280 280" fill="none" stroke="#000">'


def drawing(*paths: str) -> bytes:
    """A drawing with these paths."""
    return f"{HEAD}<rect width='280' height='280' fill='#fff'/><g>{''.join(paths)}</g></svg>".encode()


def path(line: str = "M40,140L240,140", width: str = "20") -> str:
    return f'<path stroke-width="{width}" d="{line}"/>'


def test_strokes_are_black_on_white_with_round_ends():
    grey = svg.read(drawing(path()))
    assert grey.shape == (280, 280)
    assert (grey[140, 40:240] == 0).all()
    assert grey[140, [25, 255]].tolist() == [255, 255]
    assert grey[[127, 153], 140].tolist() == [255, 255]
    assert grey[132, 31] == 255, "the corner of a butt end"
    area = (255 - grey.astype(float)).sum() / 255
    assert area == pytest.approx(200 * 20 + np.pi * 10**2, rel=0.01)


def test_a_curve_goes_through_its_middle():
    grey = svg.read(drawing(path("M40,240Q140,40 240,240")))
    assert grey[140, 140] == 0, "a quarter of both ends and half of the control point"
    assert grey[50, 140] == 255


def test_a_dot_is_a_disc():
    grey = svg.read(drawing(path("M140,140L140,140")))
    assert (255 - grey.astype(float)).sum() / 255 == pytest.approx(np.pi * 10**2, rel=0.02)


def test_strokes_may_leave_the_pad_and_have_fractions():
    grey = svg.read(drawing(path("M-300.25,140.5L2000,140.5", "19.5")))
    assert (grey[140] == 0).all()


def test_it_is_one_of_the_pictures_that_are_read():
    [picture] = read(drawing(path()), "a.svg", 10**6).pictures
    assert (picture.name, picture.layer, picture.grey.shape) == ("a.svg", None, (280, 280))


NOT_FROM_THE_PAD = {
    "a script": drawing("<script>alert(1)</script>"),
    "a picture of another file": drawing('<image href="file:///etc/passwd"/>'),
    "a copy": drawing('<use href="http://example.org/a.svg#b"/>'),
    "text": drawing("<text>7</text>"),
    "an entity": b'<!DOCTYPE svg [<!ENTITY a "b">]>' + drawing(path()),
    "another size": drawing(path()).replace(b"0 0 280 280", b"0 0 100 100"),
    "another namespace": drawing(path()).replace(b"2000/svg", b"1999/xhtml"),
    "a command that the pad does not write": drawing(path("M1,1C2,2 3,3 4,4")),
    "no beginning": drawing(path("L1,1")),
    "a path without a line": drawing(path("M1,1")),
    "a number that is too long": drawing(path("M1,1L99999,1")),
    "no width": drawing('<path d="M1,1L2,2"/>'),
    "a width that is no number": drawing(path(width="1e9")),
    "cut short": drawing(path())[:-9],
    "not UTF-8": drawing(path()).replace(b"M40", b"\xff40"),
    "far too long": drawing(path("M1,1" + "L2,2" * 300_000)),
    "an event": b"<svg onload='alert(1)'/>",
}


@pytest.mark.parametrize("data", NOT_FROM_THE_PAD.values(), ids=NOT_FROM_THE_PAD.keys())
def test_what_the_pad_did_not_save_is_refused(data):
    with pytest.raises(UnsupportedPicture) as caught:
        read(data, "a.svg", 10**6)
    assert "PNG" in str(caught.value.detail)


def test_a_paths_other_attributes_do_nothing():
    harmless = drawing(path().replace("<path", '<path onclick="alert(1)" transform="scale(9)" fill="url(#a)"'))
    np.testing.assert_array_equal(svg.read(harmless), svg.read(drawing(path())))


def test_a_png_that_only_speaks_of_svg_is_a_png():
    head, rest = encode(seven()).split(b"IDAT", 1)
    comment = b"tEXtComment\0<svg drawn elsewhere"
    chunk = struct.pack(">I", len(comment) - 4) + comment + struct.pack(">I", zlib.crc32(comment))
    [picture] = read(head[:-4] + chunk + head[-4:] + b"IDAT" + rest, "a.png").pictures
    assert picture.grey.shape == seven().shape
