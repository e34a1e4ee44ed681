"""Builders of ZIP files, good ones and bad ones."""

import stat
import zipfile
from io import BytesIO


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP with files of these names."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def with_link(name: str, target: str) -> bytes:
    """A ZIP with a symbolic link."""
    file = BytesIO()
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(info, target)
    return file.getvalue()


def encrypted(name: str, data: bytes) -> bytes:
    """A ZIP whose one file claims to be encrypted."""
    packed = bytearray(zipped({name: data}))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def named_in(encoding: str, name: str, data: bytes) -> bytes:
    """A ZIP with one file whose name is in an encoding that the ZIP does not tell."""
    raw = name.encode(encoding)
    packed = zipped({"n" * len(raw): data})
    return packed.replace(b"n" * len(raw), raw)
