"""Files in, greys out. The oracle is the array that a file was made from."""

import struct

import numpy as np
import pytest
from PIL import Image

from server.pictures import Limits, read
from server.pictures.grey import LARGEST_SIDE, to_grey
from server.problems import PictureUnreadable
from tests.pictures import encode, seven

LIMITS = Limits(max_pixels=10_000_000)


def grey(data: bytes) -> np.ndarray:
    """The one picture of a file."""
    [picture] = read(data, "7.png", LIMITS).pictures
    return picture.grey


def transparent(ink: int, alpha: np.ndarray) -> Image.Image:
    """Ink of one grey that only its alpha [h, w] shapes."""
    return Image.merge("LA", (Image.new("L", alpha.shape[::-1], ink), Image.fromarray(alpha)))


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "group4"}),
        ("BMP", {}),
        ("GIF", {}),
        ("JPEG", {"quality": 100}),
    ],
)
def test_every_format_gives_its_pixels_back(format, options):
    image = Image.fromarray(seven())
    if options.get("compression") == "group4":  # fax: black and white only
        image = image.convert("1")
    tolerance = 6 if format == "JPEG" else 0
    np.testing.assert_allclose(grey(encode(image, format, **options)).astype(int), seven(), atol=tolerance)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "F", "LAB"])
def test_every_mode_gives_its_greys(mode):
    picture = seven()
    match mode:
        case "I;16":
            image = Image.fromarray(picture.astype(np.uint16) * 257)
        case "F":
            image = Image.fromarray(picture / np.float32(255))
        case "LAB":
            neutral = Image.new("L", picture.shape[::-1], 128)
            image = Image.merge("LAB", (Image.fromarray(picture), neutral, neutral))
        case "CMYK" | "P" | "RGBA":
            image = Image.fromarray(picture).convert("RGB").convert(mode)
        case _:
            image = Image.fromarray(picture).convert(mode)
    np.testing.assert_allclose(to_grey(image).astype(int), picture, atol=1)


def test_16_bit_pngs_keep_their_range():
    ramp = (np.arange(12, dtype=np.uint16) * 5_957).reshape(3, 4)
    np.testing.assert_array_equal(grey(encode(ramp)), np.round(ramp / 257).astype(np.uint8))


def tiff(pixels: np.ndarray, bits: int, photometric: int = 1, planes: int = 1, extra: int | None = None) -> bytes:
    """A little-endian TIFF of one strip, written by hand: what Pillow does not write."""
    height, width = pixels.shape[:2]
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    if bits == 12:  # two samples in three bytes
        pairs = pixels.reshape(-1, 2).astype(int)
        data = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], 1)
        strip = data.astype(np.uint8).tobytes()
    else:
        planar = np.moveaxis(pixels, 2, 0) if planes == 2 else pixels
        strip = planar.astype("<u2" if bits == 16 else np.uint8).tobytes()
    tags = {256: (width,), 257: (height,), 258: (bits,) * samples, 259: (1,), 262: (photometric,), 277: (samples,)}
    tags |= {278: (height,), 284: (planes,)} | ({338: (extra,)} if extra is not None else {})
    chunks = samples if planes == 2 else 1
    size = len(strip) // chunks
    directory, more = 8, b""
    behind = directory + 2 + 12 * (len(tags) + 2) + 4
    entries = {tag: (3, values) for tag, values in tags.items()} | {279: (4, (size,) * chunks), 273: (4, (0,) * chunks)}
    longs = {3: "H", 4: "I"}
    room = sum(len(struct.pack(f"<{len(v)}{longs[k]}", *v)) for k, v in entries.values() if len(v) * (k * 2 - 4) > 4)
    entries[273] = (4, tuple(behind + room + size * at for at in range(chunks)))
    head = struct.pack("<H", len(entries))
    for tag, (kind, values) in sorted(entries.items()):
        value = struct.pack(f"<{len(values)}{longs[kind]}", *values)
        if len(value) > 4:
            value, more = struct.pack("<I", behind + len(more)), more + value
        head += struct.pack("<HHI", tag, kind, len(values)) + value.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<I", directory) + head + bytes(4) + more + strip


def test_the_samples_of_unusual_tiffs_mean_what_they_say():
    picture = seven(60, 80, ink=40, paper=230)
    np.testing.assert_array_equal(grey(tiff(picture, 8)), picture)  # the builder itself
    np.testing.assert_allclose(grey(tiff(picture.astype(int) * 4095 // 255, 12)).astype(int), picture, atol=1)
    np.testing.assert_array_equal(grey(tiff(picture.astype(int) * 257, 16)), picture)
    np.testing.assert_array_equal(grey(tiff(65_535 - picture.astype(int) * 257, 16, photometric=0)), picture)
    opaque = np.stack([picture, np.full_like(picture, 255)], axis=2)
    np.testing.assert_array_equal(grey(tiff(opaque, 8, extra=1)), picture)  # with its alpha multiplied in
    colours = np.stack([picture.astype(int) * 257] * 3, axis=2)
    with pytest.raises(PictureUnreadable):
        grey(tiff(colours, 16, photometric=2, planes=2))


def test_a_bmp_whose_fourth_byte_means_nothing_is_not_transparent():
    picture = Image.fromarray(seven()).convert("RGBA")
    picture.putalpha(0)
    np.testing.assert_array_equal(grey(encode(picture, "BMP")), seven())


def test_float_pictures_may_hold_what_is_no_number():
    values = np.array([[0, 1], [np.nan, np.inf]], np.float32)
    np.testing.assert_array_equal(grey(encode(values, "TIFF")), [[0, 255], [0, 0]])


def test_photos_stand_upright_as_their_camera_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: turn by 90° clockwise
    turned = np.rot90(seven())
    np.testing.assert_allclose(grey(encode(turned, "JPEG", quality=100, exif=exif)).astype(int), seven(), atol=6)


def test_only_the_first_frame_of_an_animation_is_read():
    frames = [Image.fromarray(seven()), Image.fromarray(seven(ink=255, paper=0))]
    np.testing.assert_array_equal(grey(encode(frames[0], "GIF", save_all=True, append_images=frames[1:])), seven())


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (60, 255), (255, 0), (200, 0)])
def test_ink_on_a_transparent_ground_stands_out(ink, ground):
    alpha = 255 - seven()
    np.testing.assert_array_equal(grey(encode(transparent(ink, alpha))), np.where(alpha == 255, ink, ground))


def test_faint_ink_on_a_transparent_ground_stands_out():
    alpha = (255 - seven()) // 4
    picture = grey(encode(transparent(0, alpha)))
    np.testing.assert_allclose(picture.astype(int), 255 - alpha.astype(int), atol=1)


def test_a_digit_cropped_close_stands_out_although_it_covers_most_of_the_file():
    alpha = np.full((40, 12), 255, np.uint8)
    alpha[:6, :6] = 0
    np.testing.assert_array_equal(grey(encode(transparent(0, alpha))), np.where(alpha == 255, 0, 255))


def test_paper_with_transparent_corners_continues_into_them():
    alpha = np.full((80, 60), 255, np.uint8)
    alpha[:8, :8] = alpha[-8:, -8:] = 0
    paper = Image.merge("LA", (Image.fromarray(seven(paper=240)), Image.fromarray(alpha)))
    np.testing.assert_array_equal(grey(encode(paper)), seven(paper=240))


def test_a_palette_with_a_transparent_colour_is_flattened():
    image = Image.fromarray(seven() // 255).convert("P")
    image.putpalette([0, 0, 0, 0, 0, 0])  # ink and ground are both black: only transparency tells them apart
    np.testing.assert_array_equal(grey(encode(image, transparency=1)), seven())


def test_a_wholly_transparent_picture_is_blank():
    assert np.unique(grey(encode(transparent(0, np.zeros((20, 20), np.uint8))))).tolist() == [255]


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_large_pictures_are_averaged_down(format):
    large = np.kron(seven(), np.ones((30, 30), np.uint8))
    small = grey(encode(large, format))
    assert max(small.shape) <= LARGEST_SIDE
    assert min(small.shape) > LARGEST_SIDE // 4
    # Whatever the size, the same share is ink.
    assert (255 - small.astype(float)).mean() == pytest.approx((255 - seven().astype(float)).mean(), rel=0.01)


def test_a_picture_of_the_largest_side_keeps_its_pixels():
    picture = np.random.default_rng(0).integers(0, 256, (3, LARGEST_SIDE), dtype=np.uint8)
    np.testing.assert_array_equal(grey(encode(picture)), picture)


def test_the_name_is_carried_along_and_never_decides_the_format():
    [picture] = read(encode(seven(), "GIF"), "../семь.png", LIMITS).pictures
    assert picture.name == "../семь.png"
    np.testing.assert_array_equal(picture.grey, seven())
