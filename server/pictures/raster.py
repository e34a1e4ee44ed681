"""PNG, JPEG, WebP, TIFF, BMP and GIF, decoded by Pillow."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from server.messages import message as _l
from server.pictures.grey import LARGEST_SIDE, to_grey
from server.problems import PictureTooLarge, PictureUnreadable, UnsupportedPicture

# Named, because Pillow otherwise tries all it knows: it starts Ghostscript on an EPS, and misreads PSD files.
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")


def read(data: bytes, max_pixels: int) -> NDArray[np.uint8]:
    """Decode the first frame of a file, upright, into greys [h, w].

    Raises:
        UnsupportedPicture, PictureTooLarge, PictureUnreadable: as `server.pictures.read`.
    """
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)  # reads the head only
        if image.width * image.height > max_pixels:
            raise Image.DecompressionBombError
        # A JPEG can be decoded small from the start, which saves most of a photo's time and memory.
        image.draft("L", (LARGEST_SIDE, LARGEST_SIDE))
        image.load()
        return to_grey(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        if _begins_well(data):
            raise _damaged() from None
        raise UnsupportedPicture(
            _l(
                "The file is none of %(formats)s. Save the picture as one of these.",
                formats=", ".join(("PSD", "PSB", *FORMATS)),
            )
        ) from None
    except Image.DecompressionBombError:
        raise PictureTooLarge(max_pixels) from None
    except MemoryError:
        raise
    # Decoders raise whatever the file's bytes lead them to (OSError, SyntaxError, ValueError, struct.error,
    # EOFError, ...); to the client it is all the same.
    except Exception:
        raise _damaged() from None


def _begins_well(data: bytes) -> bool:
    """Whether the file starts as one of the formats does, so that a failure means damage."""
    return any(accept is not None and accept(data[:16]) for _, accept in (Image.OPEN[name] for name in FORMATS))


def _damaged() -> PictureUnreadable:
    return PictureUnreadable(_l("The file is damaged or cut short. Save the picture again and send the new file."))
