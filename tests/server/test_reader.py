"""Files read in other processes: the same pictures, and nothing that a file does reaches the server."""

import os
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from server.pictures import Layers
from server.pictures.reader import Reader
from server.problems import NoReader, PictureTooLarge, PictureUnreadable, UnsupportedPicture
from server.settings import Settings
from tests.archives import with_link, zipped
from tests.bad_inputs import hollow_png
from tests.photoshop import layer, paper, slow, written_by_ag_psd
from tests.pictures import encode, seven

PATIENT = Settings(readers=1, max_file_seconds=100)
"""A reader is nice: where others are busy, it gets a tenth of a processor."""


@pytest.fixture(scope="module")
def reader():
    reader = Reader(PATIENT)
    yield reader
    reader.close()


def test_pictures_come_back_as_they_are(reader):
    [picture] = reader.read(encode(seven()), "3/семь.png").pictures
    assert picture.name == "3/семь.png"
    np.testing.assert_array_equal(picture.grey, seven())


def test_every_layer_comes_back_under_its_name(reader):
    data = written_by_ag_psd(layer("четыре"), layer("7"), layer("9", hidden=True))
    contents = reader.read(data, "a.psd", Layers.AUTO)
    assert [(picture.layer, picture.grey.shape) for picture in contents.pictures] == [
        ("четыре", (120, 100)),
        ("7", (120, 100)),
    ]
    assert [(part.name, part.layer, str(part.reason.text)) for part in contents.skipped] == [
        ("a.psd", "9", "The layer is hidden.")
    ]


@pytest.mark.parametrize(
    ("data", "problem", "word"),
    [
        (b"", PictureUnreadable, "empty"),
        (b"seven", UnsupportedPicture, "PNG"),
        (encode(seven())[:100], PictureUnreadable, "damaged"),
        (b"8BPS", PictureUnreadable, "head"),
        (hollow_png(30_000, 30_000), PictureTooLarge, "pixels"),
    ],
    ids=["empty", "text", "cut PNG", "cut PSD", "hollow PNG"],
)
def test_problems_come_back_as_they_are_and_the_next_file_is_read(reader, app, data, problem, word):
    with pytest.raises(problem) as raised:
        reader.read(data, "7.png")
    with app.test_request_context():
        assert word in str(raised.value.detail)
    assert len(reader.read(encode(seven()), "7.png").pictures) == 1


def test_a_file_that_takes_too_long_ends_its_process_and_not_the_next_file():
    reader = Reader(Settings(readers=1, max_file_seconds=1))
    with pytest.raises(PictureUnreadable, match="longer"):
        reader.read(slow(30), "slow.psd", Layers.EACH)
    reader._settings = PATIENT
    assert len(reader.read(encode(seven()), "7.png").pictures) == 1
    reader.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on a process's memory")
def test_a_file_that_needs_too_much_memory_ends_its_process_and_not_the_next_file():
    reader = Reader(Settings(readers=1, max_reader_bytes=2**28 + 2**26, max_pixels=2**27))
    with pytest.raises(PictureUnreadable, match="memory"):
        reader.read(encode(np.zeros((11_000, 11_000), np.uint8)), "7.png")
    assert len(reader.read(encode(seven()), "7.png").pictures) == 1
    reader.close()


def test_a_process_that_is_killed_is_replaced(reader):
    reader.read(encode(seven()), "7.png")
    child = reader._idle.get()
    child.process.kill()
    child.process.wait()
    reader._idle.put(child)
    assert len(reader.read(encode(seven()), "7.png").pictures) == 1


needs_proc = pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")


@needs_proc
def test_a_reading_process_inherits_no_secret(reader, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hidden")
    fresh = Reader(Settings(readers=1))
    fresh.read(encode(seven()), "7.png")
    child = fresh._idle.get()
    environ = subprocess.run(
        ["cat", f"/proc/{child.process.pid}/environ"], capture_output=True, check=True
    ).stdout.decode()
    assert "OPENBLAS_NUM_THREADS" in environ
    assert "hidden" not in environ
    child.stop()


@needs_proc
def test_only_photoshop_files_make_a_process_load_what_they_need():
    def knows_photoshop() -> bool:
        return "/psd_tools/" in Path(f"/proc/{fresh._running[0].process.pid}/maps").read_text()

    fresh = Reader(Settings(readers=1))
    fresh.read(encode(seven()), "7.png")
    assert not knows_photoshop()
    fresh.read(written_by_ag_psd(layer("7")), "7.psd")
    assert knows_photoshop()
    fresh.close()


def test_a_large_file_passes_whole(reader):
    noise = np.random.default_rng(0).integers(0, 256, (1024, 1024), dtype=np.uint8)
    file = BytesIO(encode(noise, "BMP"))
    np.testing.assert_array_equal(reader.read(file.getvalue(), "7.bmp").pictures[0].grey, noise)


def test_a_zip_is_never_parsed_in_the_servers_own_process(reader, monkeypatch):
    packed = {"3/a.png": encode(seven()), ".DS_Store": b"", "empty/": b"", "7.psd": written_by_ag_psd(layer("7"))}
    file = BytesIO(zipped({**packed, "more.zip": zipped({"7.png": b""})}))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    monkeypatch.setattr("server.pictures.archive.directory", None)
    files = list(reader.entries(file))
    assert [name for name, _, _ in files] == ["3/a.png", "7.psd", "more.zip"]
    assert reader.count(file) == 3
    for name, data, packing in files[:2]:
        [picture] = reader.read(data, name, packing=packing).pictures
        assert picture.name == name
    with pytest.raises(PictureUnreadable, match="ZIP inside"):
        reader.read(files[2].data, "more.zip", packing=files[2].packing)


def test_a_bad_zip_and_the_bad_files_in_it_are_refused_by_the_reading_process(reader):
    with pytest.raises(PictureUnreadable, match="cut short"):
        list(reader.entries(BytesIO(zipped({"7.png": b""})[:-30])))
    [link] = reader.entries(BytesIO(with_link("7.png", "/etc/passwd")))
    assert isinstance(link.data, PictureUnreadable)


def test_of_a_large_zip_no_more_is_held_than_its_list_and_one_file(reader):
    class Watched(BytesIO):
        largest = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.largest = max(self.largest, len(data))
            return data

    small = Reader(Settings(readers=1, max_zip_entries=100))
    noise = np.random.default_rng(0).bytes(2**20)
    file = Watched(zipped({f"{k}.png": noise for k in range(20)}))
    assert all(len(entry.data) < 1.2 * 2**20 for entry in small.entries(file))
    assert file.largest < 1.2 * 2**20
    small.close()


def test_where_the_decoders_cannot_be_loaded_no_file_is_to_blame(monkeypatch):
    reader = Reader(Settings(readers=1))
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", shutil.which("false"))
        with pytest.raises(NoReader):
            reader.read(encode(seven()), "7.png")
    assert len(reader.read(encode(seven()), "7.png").pictures) == 1
    reader.close()


def test_layers_of_a_page_scanned_at_300_dpi_fit_into_the_memory_of_a_process(reader):
    height, width = 3508, 2480
    data = written_by_ag_psd(layer("paper", paper(height, width), 0, 0), layer("7"), layer("8"), size=(height, width))
    assert [picture.layer for picture in reader.read(data, "a4.psd", Layers.AUTO).pictures] == ["7", "8"]


def test_where_no_process_can_be_started_the_file_is_refused_and_the_next_is_read(monkeypatch):
    reader = Reader(Settings(readers=1))

    def exhausted(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", exhausted)
        with pytest.raises(NoReader):
            reader.read(encode(seven()), "7.png")
    assert len(reader.read(encode(seven()), "7.png").pictures) == 1
    reader.close()
