"""ZIP files, read entry by entry from where they lie: nothing is unpacked to a disk, and no name becomes a path."""

import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, NamedTuple

from server.messages import message as _l
from server.problems import PictureUnreadable, Problem
from server.settings import Settings

SIGNATURE = b"PK\x03\x04"
EMPTY_SIGNATURE = b"PK\x05\x06"
END = struct.Struct("<4s4H2LH")
"""End of central directory: signature, four counts, size of the directory, its offset, length of the comment."""
END64 = struct.Struct("<4sQ2H2L4Q")
LONGEST_COMMENT = 2**16
BYTES_PER_ENTRY = 200
"""Of the directory, with a name of average length."""
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
JUNK = frozenset({"thumbs.db", "desktop.ini"})


class File(NamedTuple):
    """One file to read, or why it cannot be."""

    name: str
    data: bytes | Problem


def is_zip(data: bytes) -> bool:
    """Whether a file begins as a ZIP does."""
    return data.startswith((SIGNATURE, EMPTY_SIGNATURE))


def is_junk(name: str) -> bool:
    """Whether a file is one that systems leave in folders for themselves."""
    path = PurePosixPath(name)
    return any(part.startswith(".") and part != ".." for part in path.parts) or (
        "__MACOSX" in path.parts or path.name.lower() in JUNK
    )


def entries(file: IO[bytes], settings: Settings) -> Iterator[File]:
    """The files in a ZIP, in its order; links, nested ZIPs and what is too large come with the reason instead.

    Raises:
        PictureUnreadable: it is no ZIP, damaged, or has more entries than are read.
    """
    with _opened(file, settings) as archive:
        for info in _files(archive):
            name = _name(info)
            yield File(name, _content(archive, info, name, settings))


def count(file: IO[bytes], settings: Settings) -> int:
    """How many files `entries` is going to give. Raises as it does."""
    with _opened(file, settings) as archive:
        return sum(1 for _ in _files(archive))


def _opened(file: IO[bytes], settings: Settings) -> zipfile.ZipFile:
    try:
        if _directory_bytes(file) > settings.max_zip_entries * BYTES_PER_ENTRY:
            raise _too_many(settings)
        archive = zipfile.ZipFile(file)
    except Problem:
        raise
    # `zipfile` raises whatever the bytes lead it to: BadZipFile, OSError, ValueError, struct.error, IndexError, ...
    except Exception:
        raise PictureUnreadable(_l("The ZIP is damaged or cut short. Pack it again and send the new file.")) from None
    if len(archive.infolist()) > settings.max_zip_entries:
        raise _too_many(settings)
    return archive


def _files(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    # Not by `is_dir`, which fails where there is no name at all.
    return (info for info in archive.infolist() if not _name(info).endswith("/") and not is_junk(_name(info)))


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, settings: Settings) -> bytes | Problem:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or name[1:2] == ":":
        return PictureUnreadable(_l("Its name leads out of the ZIP. Pack the folder again."))
    if stat.S_ISLNK(info.external_attr >> 16):
        return PictureUnreadable(_l("It is a link. Pack the file itself."))
    if info.flag_bits & ENCRYPTED_FLAG:
        return PictureUnreadable(_l("It is encrypted. Pack it without a password."))
    if info.file_size > settings.max_file_bytes:
        return too_large(settings)
    if info.file_size > settings.max_zip_ratio * max(info.compress_size, 1024):
        return PictureUnreadable(_l("It unpacks to far more than a picture would. Pack the pictures again."))
    try:
        data = archive.read(info)
    except Exception:  # each compression raises errors of its own for damaged data
        return PictureUnreadable(_l("The ZIP is damaged at this file. Pack it again and send the new file."))
    if is_zip(data):
        return PictureUnreadable(_l("A ZIP inside a ZIP is not opened. Send it by itself."))
    return data


def too_large(settings: Settings) -> PictureUnreadable:
    """The refusal of a file with more bytes than are read."""
    return PictureUnreadable(
        _l("The file has more than %(number)d MB. Save it smaller.", number=settings.max_file_bytes // 2**20)
    )


def _too_many(settings: Settings) -> PictureUnreadable:
    return PictureUnreadable(
        _l("The ZIP holds more than %(number)d files. Send it in parts.", number=settings.max_zip_entries)
    )


def _directory_bytes(file: IO[bytes]) -> int:
    """Size of the list of entries, read before the list itself, whose entries cost memory each."""
    length = file.seek(0, 2)
    start = max(0, length - END.size - LONGEST_COMMENT)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(EMPTY_SIGNATURE)
    if at < 0:
        raise zipfile.BadZipFile
    size: int = END.unpack_from(tail, at)[5]
    if size == 0xFFFFFFFF:
        at = tail.rfind(b"PK\x06\x06")
        size = END64.unpack_from(tail, at)[8] if at >= 0 else length
    return size


def _name(info: zipfile.ZipInfo) -> str:
    """The entry's name as its owner wrote it.

    Without the flag for UTF-8 a name has no known encoding. macOS writes UTF-8 all the same; Windows writes
    the code page of its console, in Russia 866.
    """
    name = info.filename
    if not info.flag_bits & UTF8_FLAG:
        raw = name.encode("cp437", "replace")
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            name = raw.decode("cp866")
    return name.replace("\\", "/")
