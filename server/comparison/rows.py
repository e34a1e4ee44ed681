"""Results as JSON rows: what the API streams, the page shows, and every export is made from.

{"picture": {...}}    one picture, see `of_result`
{"skipped": {...}}    `name`, `layer` and `reason` of what was not read
{"summary": {...}}    the last row: `Summary.as_json`
"""

import base64
import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from server.comparison import Result
from server.i18n import in_each_language, language
from server.pictures import Skipped

PNG_URL = "data:image/png;base64,"
PNG_CHUNKS = frozenset({b"IHDR", b"IDAT", b"IEND"})
"""All that `png` writes. In others a stranger could hide texts that unpack to gigabytes."""
PNG_CHUNK_HEAD = struct.Struct(">I4s")
"""Length of the content, kind; the content and four bytes of checksum follow."""

Row = dict[str, Any]


def of_event(event: Result | Skipped) -> Row:
    """The row of a result, or of what was skipped."""
    if isinstance(event, Skipped):
        name, layer, reason = event
        return {"skipped": {"name": name, "layer": layer, **_in_languages(lambda: {"reason": str(reason)})}}
    return {"picture": of_result(event)}


def _in_languages(say: Callable[[], Row]) -> Row:
    """Fields that hold texts: in the language of the request, and under `translations` in every one."""
    translations = in_each_language(say)
    return {**translations[language()], "translations": translations}


def of_result(result: Result) -> Row:
    """One picture as JSON. Images are PNGs as data URLs; `digit` is null where nothing is drawn."""
    return {
        "name": result.picture.name,
        "layer": result.picture.layer,
        "label": result.label.digit if result.label else None,
        "label_source": result.label.source if result.label else None,
        "original": png(result.picture.grey),
        "models": {
            name: {
                "digit": answer.digit,
                "probabilities": [round(float(probability), 5) for probability in answer.probabilities],
                "sees": png(np.round(answer.normalized * 255).astype(np.uint8)),
            }
            for name, answer in result.answers.items()
        },
        "ablation": dict(result.ablation),
        "shape": {name: round(float(value[0]), 3) for name, value in result.shape._asdict().items()},
        "percentiles": result.percentiles and {name: round(value, 2) for name, value in result.percentiles.items()},
        **_in_languages(lambda: {"reasons": [str(reason) for reason in result.reasons]}),
        "suspect": result.suspect,
        "nearest": {str(digit): [png(example) for example in examples] for digit, examples in result.nearest.items()},
    }


def png(grey: NDArray[np.uint8]) -> str:
    """Greys [h, w] as the data URL of a PNG."""
    file = BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return PNG_URL + base64.b64encode(file.getvalue()).decode()


def from_png(url: str) -> NDArray[np.uint8]:
    """Greys [h, w] of what `png` wrote.

    Raises:
        ValueError: it is anything else.
    """
    if not isinstance(url, str) or not url.startswith(PNG_URL):
        raise ValueError("not a PNG as a data URL")
    data = base64.b64decode(url.removeprefix(PNG_URL), validate=True)
    try:
        if not set(_chunks(data)) <= PNG_CHUNKS:
            raise ValueError("more than a picture")
        image = Image.open(BytesIO(data), formats=("PNG",))
        if image.size != (28, 28):
            raise ValueError("not 28x28")
        return np.asarray(image.convert("L"))
    except (OSError, SyntaxError, struct.error, Image.DecompressionBombError) as error:
        raise ValueError("not a PNG") from error


def _chunks(png: bytes) -> Iterator[bytes]:
    """The kinds of a PNG's chunks, in order."""
    at = 8
    while at < len(png):
        length, kind = PNG_CHUNK_HEAD.unpack_from(png, at)
        yield kind
        at += PNG_CHUNK_HEAD.size + length + 4
