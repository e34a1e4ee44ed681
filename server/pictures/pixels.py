"""Grey pixels that a program sends as JSON."""

import binascii
from typing import Any

import numpy as np
import pybase64
from numpy.typing import NDArray

from server import strict_json
from server.messages import message as _l
from server.pictures.grey import shrink
from server.problems import BadRequest, PictureTooLarge, PictureUnreadable


def read(body: bytes, max_pixels: int, max_depth: int, max_values: int) -> NDArray[np.uint8]:
    """Read `{"width", "height", "pixels"}` into [h, w]; pixels are the base64 of width*height grey bytes.

    Raises:
        BadRequest: the body is not JSON of that form, nested deeper than `max_depth`, or of more than `max_values`.
        PictureTooLarge: width*height is more than `max_pixels`.
        PictureUnreadable: the pixels are not base64, or not as many as width*height.
    """
    fields = _parse(body, max_depth, max_values)
    width, height, pixels = (fields.get(name) for name in ("width", "height", "pixels"))
    # `type(...)`, because True is an int to isinstance.
    if type(width) is not int or type(height) is not int or width < 1 or height < 1:
        raise BadRequest(_l('"width" and "height" must be whole numbers from 1 on.'))
    if not isinstance(pixels, str):
        raise BadRequest(_l('"pixels" must be a text: the base64 of width × height grey bytes.'))
    if width * height > max_pixels:
        raise PictureTooLarge(max_pixels)
    try:
        greys = pybase64.b64decode(pixels, validate=True)
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
    return shrink(np.frombuffer(greys, np.uint8).reshape(height, width))


def _parse(body: bytes, max_depth: int, max_values: int) -> dict[str, Any]:
    try:
        fields = strict_json.loads(body, max_depth, max_values)
    except strict_json.TooDeep:
        raise BadRequest(_l("The JSON is nested deeper than %(number)d. Send it flat.", number=max_depth)) from None
    except strict_json.TooMany:
        raise BadRequest(_l("The JSON holds more than a picture. Send its width, height and pixels only.")) from None
    except strict_json.NotJson:
        raise BadRequest(_l("The body is not valid JSON. Check its syntax and its UTF-8 encoding.")) from None
    if not isinstance(fields, dict):
        raise BadRequest(_l('The body must be a JSON object with "width", "height" and "pixels".'))
    return fields
