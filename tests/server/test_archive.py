"""ZIPs in, files out. The oracle is what was packed."""

from io import BytesIO

import pytest

from server.pictures import archive
from server.problems import PictureUnreadable
from server.settings import Settings
from tests.archives import encrypted, named_in, with_link, zipped
from tests.pictures import encode, seven

PNG = encode(seven())


def files(data: bytes, **settings: int) -> dict[str, bytes]:
    return {file.name: file.data for file in archive.entries(BytesIO(data), Settings(**settings))}


def reason(data: bytes, **settings: int) -> str:
    """Why the one file of a ZIP is not read."""
    [problem] = files(data, **settings).values()
    assert isinstance(problem, PictureUnreadable)
    return problem.detail.text


def test_files_come_in_order_with_their_folders():
    packed = {"3/a.png": PNG, "семь/7.psd": b"8BPS", "b.png": b""}
    assert list(files(zipped(packed)).items()) == list(packed.items())


def test_what_systems_leave_in_folders_is_passed_over():
    junk = ["__MACOSX/3/._a.png", ".DS_Store", "3/Thumbs.db", "desktop.ini", "3/.hidden", "empty/"]
    assert list(files(zipped(dict.fromkeys([*junk, "3/a.png"], PNG)))) == ["3/a.png"]


def test_files_are_counted_without_reading_them():
    data = zipped({"3/a.png": PNG, ".DS_Store": b"", "empty/": b"", "more.zip": zipped({"7.png": PNG})})
    assert archive.count(BytesIO(data), Settings()) == 2 == len(files(data))


@pytest.mark.parametrize("encoding", ["utf-8", "cp866"])
def test_names_without_a_known_encoding_survive(encoding):
    assert list(files(named_in(encoding, "семь/7.png", PNG))) == ["семь/7.png"]


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
    assert "damaged" in found["1.png"].detail.text
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
