"""PNG, JPEG, WebP, TIFF, BMP and GIF, decoded by Pillow."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, PLANAR_CONFIGURATION, TiffImageFile

from server.messages import message as _l
from server.pictures.grey import LARGEST_SIDE, to_grey
from server.problems import PictureTooLarge, PictureUnreadable, UnsupportedPicture

WHITE_IS_ZERO = 0
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
        return to_grey(_as_meant(ImageOps.exif_transpose(image), image))
    except PictureUnreadable:
        raise
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


def _as_meant(image: Image.Image, file: Image.Image) -> Image.Image:
    """A file's picture, where Pillow gives the samples of an unusual one and not what they mean."""
    if file.format == "BMP" and image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):
        return image.convert("RGB")  # four bytes a pixel, the last of no meaning
    if image.mode == "La":
        return image.convert("LA")
    if not isinstance(file, TiffImageFile):
        return image
    bits, planes = file.tag_v2.get(BITSPERSAMPLE, (1,)), file.tag_v2.get(PLANAR_CONFIGURATION, 1)
    if bits[0] == 16 and len(bits) > 1 and planes != 1:
        raise PictureUnreadable(_l("TIFF files of 16 bits are not read plane by plane. Save the picture as PNG."))
    if image.mode.startswith("I;16"):
        most = 2 ** bits[0] - 1
        samples = np.asarray(image) * (65_535 / most)
        if file.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == WHITE_IS_ZERO:
            samples = 65_535 - samples
        return Image.fromarray(samples.astype(np.uint16))
    return image


def _begins_well(data: bytes) -> bool:
    """Whether the file starts as one of the formats does, so that a failure means damage."""
    return any(accept is not None and accept(data[:16]) for _, accept in (Image.OPEN[name] for name in FORMATS))


def _damaged() -> PictureUnreadable:
    return PictureUnreadable(_l("The file is damaged or cut short. Save the picture again and send the new file."))
