"""Photoshop files in, greys out. The oracle is the array that a file was made from, or Pillow's own compositing."""

import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Compression

from server.pictures import Layers, Limits, read
from server.pictures.reader import Reader
from server.problems import PictureTooLarge, PictureUnreadable
from tests.photoshop import (
    CANVAS,
    group,
    ink,
    layer,
    paper,
    saved,
    saved_selection,
    without_merged_picture,
    written_by_ag_psd,
    written_by_hand,
    written_by_psd_tools,
)
from tests.pictures import encode, seven
from tests.server.test_reader import PATIENT

LIMITS = Limits(max_pixels=10_000_000)


def contents(data: bytes, layers: Layers = Layers.AUTO):
    return read(data, "7.psd", LIMITS, layers)


def names(data: bytes, layers: Layers = Layers.AUTO) -> list[str | None]:
    return [picture.layer for picture in contents(data, layers).pictures]


def on_canvas(picture: np.ndarray, top: int = 20, left: int = 20, ground: int = 255) -> np.ndarray:
    """A dark-on-light picture on a canvas, cut where it sticks out."""
    canvas = np.full((3 * CANVAS[0], 3 * CANVAS[1]), ground, np.uint8)
    top, left = top + CANVAS[0], left + CANVAS[1]
    canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return canvas[CANVAS[0] : 2 * CANVAS[0], CANVAS[1] : 2 * CANVAS[1]]


def skipped(data: bytes, layers: Layers = Layers.AUTO) -> dict[str | None, str]:
    return {part.layer: part.reason.text for part in contents(data, layers).skipped}


# The merged picture


@pytest.mark.parametrize(
    ("mode", "depths"),
    [
        ("bitmap", [1]),
        ("grey", [8, 16, 32]),
        ("indexed", [8]),
        ("RGB", [8, 16, 32]),
        ("CMYK", [8, 16]),
        ("multichannel, first plate", [8, 16]),
        ("multichannel, last plate", [8, 16]),
        ("duotone", [8, 16]),
        ("Lab", [8, 16]),
    ],
)
def test_every_mode_and_depth_gives_its_greys(mode, depths):
    for depth in depths:
        [picture] = contents(written_by_hand(mode, seven(), depth)).pictures
        np.testing.assert_array_equal(picture.grey, seven(), f"{depth} bit")


def test_a_saved_selection_is_no_transparency():
    [picture] = contents(written_by_hand("RGB and a selection", seven(), resources=saved_selection())).pictures
    np.testing.assert_array_equal(picture.grey, seven())


@pytest.mark.parametrize("depth", [8, 16, 32])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "LAB"])
def test_every_mode_and_depth_gives_its_layers_without_a_merged_picture(mode, depth):
    data = written_by_psd_tools(mode, depth)
    for picture in contents(data, Layers.FLAT).pictures + contents(data, Layers.EACH).pictures:
        np.testing.assert_allclose(picture.grey.astype(int), on_canvas(seven()), atol=1, err_msg=str(picture.layer))
    assert names(data) == ["7", "8"]


def test_the_merged_picture_of_another_writer_is_taken_as_it_is():
    merged = paper()
    merged[20:100, 20:80, :3] = seven()[..., np.newaxis]
    data = written_by_ag_psd(layer("Background", paper(), 0, 0), layer("7"), merged=merged)
    [picture] = contents(data, Layers.FLAT).pictures
    assert picture.layer is None
    np.testing.assert_array_equal(picture.grey, on_canvas(seven()))


@pytest.mark.parametrize("psb", [False, True])
def test_psd_and_psb_are_read_alike(psb):
    [picture] = contents(written_by_ag_psd(layer("7"), psb=psb), Layers.EACH).pictures
    np.testing.assert_array_equal(picture.grey, on_canvas(seven()))


# Which layers are digits


def test_one_layer_over_a_background_is_one_flat_picture():
    assert names(written_by_ag_psd(layer("Background", paper(), 0, 0), layer("7"))) == [None]


def test_several_layers_are_a_digit_each_and_the_paper_under_them_is_none():
    data = written_by_ag_psd(layer("Фон", paper(), 0, 0), layer("четыре"), layer("4 copy"))
    assert names(data) == ["четыре", "4 copy"]
    assert names(data, Layers.FLAT) == [None]


def test_groups_are_digits_where_the_user_says_so_and_name_their_layers_otherwise():
    data = written_by_ag_psd(group("3", layer("a"), layer("b")), group("5", layer("c")))
    assert names(data, Layers.GROUPS) == ["3", "5"]
    assert names(data, Layers.EACH) == ["3/a", "3/b", "5/c"]


def test_artboards_are_digits_each_with_its_own_frame():
    board = {"rect": {"left": 10, "top": 5, "right": 90, "bottom": 105}}
    data = written_by_ag_psd(group("7", layer("Layer 1"), artboard=board), layer("8"))
    assert names(data) == ["7"]
    assert contents(data).pictures[0].grey.shape == (100, 80)
    assert skipped(data) == {"8": "The layer is outside the artboards and groups."}


def test_hidden_layers_are_skipped_and_said_so():
    data = written_by_ag_psd(layer("7"), layer("8"), layer("9", hidden=True), group("g", layer("x"), hidden=True))
    assert names(data) == ["7", "8"]
    assert {"9", "g"} <= set(skipped(data))
    assert skipped(data)["9"] == "The layer is hidden."


def test_a_page_of_paper_in_print_quality_is_read_within_the_usual_memory():
    page = Image.new("RGBA", (2480, 3508), "white")  # A4 at 300 dots an inch
    page.paste((0, 0, 0, 0), (0, 0, 200, 200))
    page.paste((0, 0, 0, 255), (700, 600, 1700, 800))
    file = BytesIO()
    PSDImage.frompil(page).save(file)
    reader = Reader(PATIENT)
    [picture] = reader.read(file.getvalue(), "7.psd").pictures
    reader.close()
    assert picture.grey[175, 300] == 0
    assert picture.grey[500, 300] == 255


def test_what_would_need_more_memory_than_a_reader_has_is_not_called_damaged():
    data = written_by_ag_psd(layer("7"))
    with pytest.raises(MemoryError):
        read(data, "7.psd", LIMITS._replace(max_reader_bytes=1_000), Layers.EACH)


def test_a_layer_beside_the_canvas_is_skipped_and_said_so():
    data = written_by_ag_psd(layer("7"), layer("8"), layer("9", left=500))
    assert names(data) == ["7", "8"]
    assert skipped(data)["9"] == "The layer holds nothing on the canvas."


def test_a_clipped_layer_belongs_to_the_layer_under_it():
    white = paper(20, 100)
    data = written_by_ag_psd(layer("7"), layer("clipped", white, 20, 0, clipping=True), layer("8"))
    assert names(data) == ["7", "8"]
    grey = contents(data).pictures[0].grey
    # The clipped sheet covers the bar of the seven and shows nowhere else.
    expected = on_canvas(seven())
    expected[20:40] = 255
    assert np.unique(grey[20:40]).tolist() == [255]
    np.testing.assert_array_equal(grey[40:], expected[40:])


# How layers are drawn


def test_a_mask_hides_what_it_covers():
    mask = {"picture": paper(40, 100), "top": 0, "left": 0, "bottom": 40, "right": 100, "defaultColor": 0}
    data = written_by_ag_psd(layer("7", mask=mask), layer("8"))
    expected = on_canvas(seven())
    expected[40:] = 255
    np.testing.assert_array_equal(contents(data).pictures[0].grey, expected)


def test_opacity_makes_ink_lighter():
    data = written_by_ag_psd(layer("7", opacity=0.5), layer("8"))
    grey = contents(data).pictures[0].grey
    assert 120 <= grey[seven_ink()].mean() <= 135
    assert grey[~seven_ink()].min() == 255


def seven_ink() -> np.ndarray:
    return on_canvas(seven()) == 0


def test_a_layer_larger_than_the_canvas_is_cut_at_its_edges():
    large = seven(200, 240)
    data = written_by_ag_psd(layer("7", ink(large), -30, -40), layer("8"))
    np.testing.assert_array_equal(contents(data).pictures[0].grey, on_canvas(large, -30, -40))


def test_white_ink_on_a_transparent_ground_stands_out():
    data = written_by_ag_psd(layer("7", ink(seven(), 255)), layer("8"))
    np.testing.assert_array_equal(contents(data).pictures[0].grey, 255 - on_canvas(seven()))


def test_a_file_without_a_merged_picture_is_composited_from_its_layers():
    data = written_by_ag_psd(layer("Background", paper(), 0, 0), layer("7"))
    psd = without_merged_picture(PSDImage.open(BytesIO(data)))
    [picture] = contents(saved(psd), Layers.FLAT).pictures
    under = Image.fromarray(paper())
    under.alpha_composite(Image.fromarray(ink(seven())), (20, 20))
    np.testing.assert_allclose(picture.grey.astype(int), np.asarray(under.convert("L")), atol=1)


# Layers that hold no pixels of their own


SMART = {
    "id": "20953ddb-9391-11ec-b4f1-c15674f50bc4",
    "type": "raster",
    "transform": [20, 20, 80, 20, 80, 100, 20, 100],
    "width": 60,
    "height": 80,
}


def test_text_is_a_caption_adjustments_are_no_digits_and_smart_objects_are():
    data = written_by_ag_psd(
        layer("7"),
        layer("caption", text={"text": "7"}),
        {"name": "invert", "adjustment": {"type": "invert"}},
        layer("smart", placedLayer=SMART),
    )
    assert names(data) == ["7", "smart"]
    np.testing.assert_array_equal(contents(data).pictures[1].grey, on_canvas(seven()))
    assert skipped(data) == {"caption": "The layer is text."}


def test_text_within_a_group_that_is_a_digit_belongs_to_it():
    data = written_by_ag_psd(group("7", layer("caption", text={"text": "7"})), group("8", layer("8")))
    assert names(data, Layers.GROUPS) == ["7", "8"]
    assert skipped(data, Layers.GROUPS) == {}


def test_what_a_smart_object_links_to_is_never_opened(tmp_path):
    target = tmp_path / "linked.png"
    target.write_bytes(encode(seven(60, 80, ink=200)))
    linked = {"fileSize": target.stat().st_size, "name": target.name, "fullPath": target.as_uri()}
    linked |= {"originalPath": str(target), "relativePath": target.name}
    data = written_by_ag_psd(
        layer("7", placedLayer=SMART),
        layer("8"),
        linkedFiles=[{"id": SMART["id"], "name": target.name, "linkedFile": linked}],
    )
    assert str(target) in data.decode("utf-16-be", "ignore") + data[1:].decode("utf-16-be", "ignore")
    opened: list[str] = []
    watching = [True]  # a hook stays for the life of the process
    sys.addaudithook(lambda event, values: opened.append(str(values[0])) if watching and event == "open" else None)
    for layers in Layers:
        contents(data, layers)
    watching.clear()
    assert [path for path in opened if target.name in path] == []


# Files of other programs, where they are installed


IMAGEMAGICK = next(
    (path for path in ("/usr/bin/convert", shutil.which("magick")) if path and Path(path).exists()), None
)
GIMP = shutil.which("gimp-console-2.10") or shutil.which("gimp-console")


@pytest.mark.skipif(IMAGEMAGICK is None, reason="ImageMagick is not installed")
@pytest.mark.parametrize(
    "options",
    [
        *("", "-type TrueColor", "-type Palette", "-monochrome", "-transparent white", "-depth 16"),
        *("-colorspace CMYK", "-colorspace CMYK -depth 16", "-colorspace Lab", "-colorspace Lab -depth 16"),
        *("-compress none", "-compress rle", "-compress zip"),
    ],
)
@pytest.mark.parametrize("format", ["psd", "psb"])
def test_files_of_imagemagick_give_their_greys(tmp_path, options, format):
    (tmp_path / "7.png").write_bytes(encode(seven()))
    file = tmp_path / f"7.{format}"
    subprocess.run([IMAGEMAGICK, tmp_path / "7.png", *options.split(), f"{format}:{file}"], check=True)
    [picture] = contents(file.read_bytes()).pictures
    np.testing.assert_allclose(picture.grey.astype(int), seven(), atol=2)


@pytest.fixture(scope="module")
def of_gimp(tmp_path_factory) -> Path:
    """A folder of a seven that GIMP saved in its modes, and with two layers."""
    if GIMP is None:
        pytest.skip("GIMP is not installed")
    folder = tmp_path_factory.mktemp("gimp")
    (folder / "7.png").write_bytes(encode(seven()))
    script = (Path(__file__).parent.parent / "write_psd.scm").read_text().replace("FOLDER", folder.as_posix())
    subprocess.run(
        [GIMP, "-i", "-d", "-f", "-s", "-b", script, "-b", "(gimp-quit 0)"], capture_output=True, timeout=110
    )
    return folder


@pytest.mark.parametrize("name", ["grey", "grey32", "indexed", "rgb", "rgb16"])
def test_files_of_gimp_give_their_greys(of_gimp, name):
    [picture] = contents((of_gimp / f"{name}.psd").read_bytes()).pictures
    np.testing.assert_allclose(picture.grey.astype(int), seven(), atol=2)


def test_layers_of_gimp_are_digits_under_their_names(of_gimp):
    data = (of_gimp / "layers.psd").read_bytes()
    assert names(data, Layers.EACH) == ["семь", "8"]
    for picture in contents(data, Layers.EACH).pictures:
        np.testing.assert_array_equal(picture.grey, seven())


def test_names_from_hostile_files_stay_text():
    hostile = "<img onerror=alert(1)> =cmd()"
    assert names(written_by_ag_psd(layer(hostile), layer("../../etc/passwd"))) == [hostile, "../../etc/passwd"]


# What is refused


@pytest.mark.parametrize("share", [0.001, 0.3, 0.6, 0.95])
def test_a_file_that_is_cut_short_is_refused(share):
    data = written_by_ag_psd(layer("7"), layer("8"), merged=paper())
    with pytest.raises(PictureUnreadable, match="Photoshop"):
        contents(data[: int(len(data) * share)], Layers.FLAT)


def test_a_canvas_with_too_many_pixels_is_refused_by_its_head():
    with pytest.raises(PictureTooLarge):
        read(written_by_ag_psd(layer("7"))[:26], "7.psd", Limits(CANVAS[0] * CANVAS[1] - 1), Layers.AUTO)


def test_more_layers_than_are_read_are_refused():
    tiny = np.zeros((1, 1, 4), np.uint8)
    data = written_by_ag_psd(*[layer(str(k), tiny) for k in range(LIMITS.max_layers + 1)])
    with pytest.raises(PictureUnreadable, match="layers"):
        contents(data)


def test_pixels_that_cannot_be_unpacked_are_an_error_and_not_black():
    noise = np.random.default_rng(1).integers(0, 256, (*CANVAS, 4), np.uint8)
    psd = PSDImage.new("RGB", CANVAS[::-1])
    for name in "78":
        psd.create_pixel_layer(Image.fromarray(noise), name, compression=Compression.ZIP)
    data = bytearray(saved(psd))
    middle = len(data) // 3
    data[middle : middle + 300] = bytes(300)
    with pytest.raises(PictureUnreadable, match="damaged"):
        contents(bytes(data))
