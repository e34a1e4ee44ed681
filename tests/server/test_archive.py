"""ZIPs in, files out. The oracle is what was packed."""

import zipfile
from collections.abc import Iterator

import pytest

from server.pictures import Limits, archive
from server.problems import PictureUnreadable
from tests.archives import encrypted, named_in, with_link, zipped
from tests.pictures import encode, seven

PNG = encode(seven())


def entries(data: bytes, **limits: int) -> Iterator[tuple[str, bytes | str]]:
    """The files of a ZIP, or the reasons why they are not read."""
    for entry in archive.directory(data, 0, Limits(**limits)):
        packed = data[entry.start : entry.start + entry.length] + archive.NOTHING
        try:
            yield entry.name, entry.problem[0] if entry.problem else archive.unpacked(packed, entry.packing)
        except PictureUnreadable as problem:
            yield entry.name, problem.detail.text


def files(data: bytes, **limits: int) -> dict[str, bytes | str]:
    """The same by their names."""
    return dict(entries(data, **limits))


def reason(data: bytes, **limits: int) -> str:
    """Why the one file of a ZIP is not read."""
    [problem] = files(data, **limits).values()
    assert isinstance(problem, str)
    return problem


def test_files_come_in_order_with_their_folders():
    packed = {"3/a.png": PNG, "семь/7.psd": b"8BPS", "b.png": b""}
    assert list(files(zipped(packed)).items()) == list(packed.items())


def test_what_systems_leave_in_folders_is_passed_over():
    junk = ["__MACOSX/3/._a.png", ".DS_Store", "3/Thumbs.db", "desktop.ini", "3/.hidden", "empty/"]
    assert list(files(zipped(dict.fromkeys([*junk, "3/a.png"], PNG)))) == ["3/a.png"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp866"])
def test_names_without_a_known_encoding_survive(encoding):
    assert list(files(named_in(encoding, "семь/7.png", PNG))) == ["семь/7.png"]


def test_what_an_extra_field_makes_of_a_name_does_not_count(monkeypatch):
    """As Python 3.12 reads the field in which Info-ZIP and WinRAR repeat a name in UTF-8."""

    def renamed(info: zipfile.ZipInfo, *_: object) -> None:
        info.filename = "семь/7.png"

    monkeypatch.setattr(zipfile.ZipInfo, "_decodeExtra", renamed)
    assert list(files(named_in("cp866", "семь/7.png", PNG))) == ["семь/7.png"]


@pytest.mark.parametrize("name", ["../7.png", "3/../../7.png", "/etc/7.png", "C:/7.png", "..\\7.png"])
def test_names_that_lead_out_of_the_zip_are_refused(name):
    assert "leads out" in reason(zipped({name: PNG}))


def test_links_encrypted_files_and_nested_zips_are_refused_one_by_one():
    assert "link" in reason(with_link("7.png", "/etc/passwd"))
    assert "encrypted" in reason(encrypted("7.png", PNG))
    assert "ZIP inside a ZIP" in reason(zipped({"more.zip": zipped({"7.png": PNG})}))


def test_a_file_without_a_name_is_read():
    nameless = bytearray(zipped({"a": PNG}, compression=0))
    directory = nameless.index(b"PK\x01\x02")
    nameless[26] = nameless[directory + 28] = 0  # the length of its name
    del nameless[directory + 46], nameless[30]
    nameless[-6:-2] = (directory - 1).to_bytes(4, "little")
    nameless[-10:-6] = (46).to_bytes(4, "little")
    assert files(bytes(nameless)) == {"": PNG}


def test_a_bomb_is_refused_without_unpacking_it():
    assert "far more" in reason(zipped({"7.png": bytes(2**24)}))
    assert "MB" in reason(zipped({"7.png": bytes(2**21)}), max_file_bytes=2**20)


def test_a_small_file_that_packs_well_is_no_bomb():
    assert files(zipped({"7.bmp": bytes(100_000)}))["7.bmp"] == bytes(100_000)


def test_a_damaged_file_is_refused_and_the_others_are_read():
    packed = bytearray(zipped({"1.png": PNG, "2.png": PNG}, compression=0))
    packed[60] ^= 255
    found = files(bytes(packed))
    assert "damaged" in found["1.png"]
    assert found["2.png"] == PNG


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_zip_that_is_cut_is_refused_as_a_whole(share):
    data = zipped({"1.png": PNG, "2.png": PNG})
    with pytest.raises(PictureUnreadable, match="cut short"):
        files(data[: int(len(data) * share)])


def test_more_entries_than_are_read_are_refused_before_they_cost_memory():
    with pytest.raises(PictureUnreadable, match="files"):
        files(zipped({f"{k}.png": b"" for k in range(11)}), max_zip_entries=10)
    with pytest.raises(PictureUnreadable, match="files"):
        files(zipped({"n" * 3_000: b""}), max_zip_entries=10)
    assert len(files(zipped({f"{k}.png": b"" for k in range(10)}), max_zip_entries=10)) == 10


def test_a_zip_is_listed_from_its_end_alone():
    data = zipped({"1.png": PNG, "noise": bytes(range(256)) * 1000, "2.png": PNG}, compression=0)
    limits = Limits(max_zip_entries=3)
    cut = len(data) - archive.tail_bytes(limits)
    assert cut > 0
    assert list(archive.directory(data[cut:], cut, limits)) == list(archive.directory(data, 0, limits))


@pytest.mark.parametrize("offset", [2**64 - 1, 2**63 - 1, 2**40])
def test_a_file_that_lies_outside_the_zip_is_damaged(offset):
    packed = zipped({"7.png": PNG})
    directory = packed.index(b"PK\x01\x02")
    elsewhere = bytearray(packed[:-22])  # less the end of the directory
    elsewhere[directory + 42 : directory + 46] = b"\xff" * 4  # the offset is in the extra field
    elsewhere[directory + 30 : directory + 32] = (12).to_bytes(2, "little")
    elsewhere += (1).to_bytes(2, "little") + (8).to_bytes(2, "little") + offset.to_bytes(8, "little")
    end = bytearray(packed[-22:])
    end[12:16] = (len(elsewhere) - directory).to_bytes(4, "little")
    assert "damaged" in files(bytes(elsewhere + end))["7.png"]
    [entry] = archive.directory(bytes(elsewhere + end), 0, Limits())
    assert 0 <= entry.start <= len(elsewhere + end)


def test_files_that_share_their_bytes_are_read_once():
    packed = bytearray(zipped({"1.png": PNG, "2.png": PNG}, compression=0))
    second = packed.rindex(b"PK\x01\x02")
    packed[second + 42 : second + 46] = bytes(4)  # its offset
    found = files(bytes(packed))
    assert found["1.png"] == PNG
    assert "damaged" in found["2.png"]


def test_bytes_before_a_zip_do_not_matter():
    assert files(b"#!/bin/sh\n" + zipped({"7.png": PNG})) == {"7.png": PNG}
