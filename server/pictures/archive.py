"""ZIP files: what is in them, and one file out of them. Nothing is unpacked to a disk, and no name becomes a path.

A ZIP ends with its directory; what stands before that, an entry after the other, is read piece by piece and never as
a whole. Bytes of a stranger come to `directory` and `unpacked` in a process of their own only: see
`server.pictures.reader`.
"""

import stat
import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from server.messages import Message
from server.messages import message as _l
from server.pictures import Limits
from server.problems import PictureUnreadable, Problem

SIGNATURE = b"PK\x03\x04"
EMPTY_SIGNATURE = b"PK\x05\x06"
END = struct.Struct("<4s4H2LH")
"""End of central directory: signature, four counts, size of the directory, its offset, length of the comment."""
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR64_BYTES = 20
LONGEST_TEXT = 2**16
"""Of a comment, a name, or an entry's extra field."""
LONGEST_HEAD = 30 + 2 * LONGEST_TEXT
"""Of an entry."""
BYTES_PER_ENTRY = 200
"""Of the directory, with a name of average length."""
NOTHING = END.pack(EMPTY_SIGNATURE, *[0] * 7)
"""A ZIP without entries; whatever stands before a ZIP is no part of it."""
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
JUNK = frozenset({"thumbs.db", "desktop.ini"})


class Entry(NamedTuple):
    """A file in a ZIP, as its directory has it."""

    name: str
    """As its owner wrote it."""
    start: int
    """Where its bytes begin, packed and with their head, counted from the ZIP's first byte."""
    length: int
    """How many bytes these are at most."""
    packing: list[Any]
    """What `unpacked` needs to know."""
    problem: Message | None
    """Why it is not read."""


def is_zip(data: bytes) -> bool:
    """Whether a file begins as a ZIP does."""
    return data.startswith((SIGNATURE, EMPTY_SIGNATURE))


def is_junk(name: str) -> bool:
    """Whether a file is one that systems leave in folders for themselves."""
    path = PurePosixPath(name)
    return any(part.startswith(".") and part != ".." for part in path.parts) or (
        "__MACOSX" in path.parts or path.name.lower() in JUNK
    )


def tail_bytes(limits: Limits) -> int:
    """How much of a ZIP's end `directory` needs."""
    return limits.max_zip_entries * BYTES_PER_ENTRY + END64.size + LOCATOR64_BYTES + END.size + LONGEST_TEXT


def directory(tail: bytes, cut: int, limits: Limits) -> Iterator[Entry]:
    """The files in a ZIP, in its order; links and what is too large come with the reason why they are not read.

    Args:
        tail: the ZIP's end, `tail_bytes` of it or all.
        cut: how many bytes stand before that.
        limits: how many there may be, and how large.

    Raises:
        PictureUnreadable: it is no ZIP, damaged, or has more entries than are read.
    """
    try:
        # Before the list itself, whose entries cost memory each.
        if _directory_bytes(tail) > limits.max_zip_entries * BYTES_PER_ENTRY:
            raise _too_many(limits)
        # Whose places count from where the ZIP began: `zipfile` allows for bytes before that, and for lacking ones.
        archive = zipfile.ZipFile(BytesIO(tail))
    except Problem:
        raise
    # `zipfile` raises whatever the bytes lead it to: BadZipFile, OSError, ValueError, struct.error, IndexError, ...
    except Exception:
        raise PictureUnreadable(_l("The ZIP is damaged or cut short. Pack it again and send the new file.")) from None
    if len(archive.infolist()) > limits.max_zip_entries:
        raise _too_many(limits)
    starts = sorted({info.header_offset for info in archive.infolist()})
    following = dict(pairwise(starts))
    seen: set[int] = set()  # entries that share their bytes would make a small ZIP cost as much as a large one
    for info in archive.infolist():
        name = _name(info)
        if name.endswith("/") or is_junk(name):  # not by `is_dir`, which fails where there is no name at all
            continue
        start, longest = info.header_offset, LONGEST_HEAD + info.compress_size
        length = min(following.get(start, start + longest) - start, longest)
        packing = [info.orig_filename, info.compress_type, info.flag_bits, info.CRC, info.compress_size, info.file_size]
        problem = _problem(info, name, limits) or (_damaged() if start in seen else None)
        seen.add(start)
        place = min(max(0, cut + start), cut + len(tail))  # what lies outside is read as nothing, and so as damaged
        yield Entry(name, place, length, packing, problem.detail if problem else None)


def unpacked(data: bytes, packing: list[Any]) -> bytes:
    """One file.

    Args:
        data: the `Entry.length` bytes from `Entry.start`, with `NOTHING` behind them.
        packing: of that entry.

    Raises:
        PictureUnreadable: it is damaged, or a ZIP itself.
    """
    info = zipfile.ZipInfo(packing[0])
    info.header_offset = 0
    _, info.compress_type, info.flag_bits, info.CRC, info.compress_size, info.file_size = packing
    try:
        content = zipfile.ZipFile(BytesIO(data)).read(info)
    except MemoryError:
        raise
    except Exception:  # each compression raises errors of its own for damaged data
        raise _damaged() from None
    if is_zip(content):
        raise PictureUnreadable(_l("A ZIP inside a ZIP is not opened. Send it by itself."))
    return content


def too_large(limits: Limits) -> PictureUnreadable:
    """The refusal of a file with more bytes than are read."""
    return PictureUnreadable(
        _l("The file has more than %(number)d MB. Save it smaller.", number=limits.max_file_bytes // 2**20)
    )


def _problem(info: zipfile.ZipInfo, name: str, limits: Limits) -> Problem | None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or name[1:2] == ":":
        return PictureUnreadable(_l("Its name leads out of the ZIP. Pack the folder again."))
    if stat.S_ISLNK(info.external_attr >> 16):
        return PictureUnreadable(_l("It is a link. Pack the file itself."))
    if info.flag_bits & ENCRYPTED_FLAG:
        return PictureUnreadable(_l("It is encrypted. Pack it without a password."))
    if max(info.file_size, info.compress_size) > limits.max_file_bytes:
        return too_large(limits)
    if info.file_size > limits.max_zip_ratio * max(info.compress_size, 1024):
        return PictureUnreadable(_l("It unpacks to far more than a picture would. Pack the pictures again."))
    return None


def _damaged() -> PictureUnreadable:
    return PictureUnreadable(_l("The ZIP is damaged at this file. Pack it again and send the new file."))


def _too_many(limits: Limits) -> PictureUnreadable:
    return PictureUnreadable(
        _l("The ZIP holds more than %(number)d files. Send it in parts.", number=limits.max_zip_entries)
    )


def _directory_bytes(tail: bytes) -> int:
    at = tail.rfind(EMPTY_SIGNATURE)
    if at < 0:
        raise zipfile.BadZipFile
    size: int = END.unpack_from(tail, at)[5]
    if size == 0xFFFFFFFF:
        at = tail.rfind(b"PK\x06\x06")
        size = END64.unpack_from(tail, at)[8] if at >= 0 else len(tail)
    return size


def _name(info: zipfile.ZipInfo) -> str:
    """The entry's name as its owner wrote it.

    Without the flag for UTF-8 a name has no known encoding. macOS writes UTF-8 all the same; Windows writes
    the code page of its console, in Russia 866.
    """
    # As the directory has it: newer versions of Python put what an extra field says into `filename`.
    name = info.orig_filename.partition("\0")[0]
    if not info.flag_bits & UTF8_FLAG:
        raw = name.encode("cp437", "replace")
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            name = raw.decode("cp866")
    return name.replace("\\", "/")
