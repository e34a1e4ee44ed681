"""Grey pixels that a program sends as JSON."""

import base64
import binascii
import json
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from server.messages import message as _l
from server.pictures.grey import shrink
from server.problems import BadRequest, PictureTooLarge, PictureUnreadable


def read(body: bytes, max_pixels: int) -> NDArray[np.uint8]:
    """Read `{"width", "height", "pixels"}` into [h, w]; pixels are the base64 of width*height grey bytes.

    Raises:
        BadRequest: the body is not JSON of that form.
        PictureTooLarge: width*height is more than `max_pixels`.
        PictureUnreadable: the pixels are not base64, or not as many as width*height.
    """
    fields = _parse(body)
    width, height, pixels = (fields.get(name) for name in ("width", "height", "pixels"))
    # `type(...)`, because True is an int to isinstance.
    if type(width) is not int or type(height) is not int or width < 1 or height < 1:
        raise BadRequest(_l('"width" and "height" must be whole numbers from 1 on.'))
    if not isinstance(pixels, str):
        raise BadRequest(_l('"pixels" must be a text: the base64 of width × height grey bytes.'))
    if width * height > max_pixels:
        raise PictureTooLarge(max_pixels)
    try:
        greys = base64.b64decode(pixels, validate=True)
    except (binascii.Error, ValueError):
        raise PictureUnreadable(
            _l('"pixels" is not base64. Encode the grey bytes in the standard alphabet, with padding.')
        ) from None
    if len(greys) != width * height:
        raise PictureUnreadable(
            _l(
                '"pixels" holds %(given)d bytes, but width × height is %(wanted)d. Send one byte per pixel.',
                given=len(greys),
                wanted=width * height,
            )
        )
    return shrink(Image.frombytes("L", (width, height), greys))


def _parse(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body.decode(), parse_constant=_refuse)
    # Nested too deeply, or no JSON at all; text that is not UTF-8 and numbers of 5000 digits are ValueErrors.
    except (RecursionError, ValueError):
        raise BadRequest(_l("The body is not valid JSON. Check its syntax and its UTF-8 encoding.")) from None
    if not isinstance(fields, dict):
        raise BadRequest(_l('The body must be a JSON object with "width", "height" and "pixels".'))
    return fields


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
