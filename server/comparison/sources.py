"""Where the files to compare come from: an upload, or folders and ZIPs of this machine."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from server.messages import message as _l
from server.pictures import File, archive
from server.pictures.archive import SIGNATURE
from server.pictures.reader import Reader
from server.problems import PictureUnreadable, Problem


def of_upload(uploads: Iterable[tuple[str, IO[bytes]]], reader: Reader, client: str) -> Iterator[File]:
    """Named streams as files, and those in its ZIPs under the ZIP's name."""
    for given, stream in uploads:
        name = given.replace("\\", "/")
        if archive.is_junk(name):
            continue
        head = stream.read(len(SIGNATURE))
        stream.seek(0)
        if archive.is_zip(head):
            yield from _of_zip(stream, name, reader, client)
            continue
        data = stream.read(reader.limits.max_file_bytes + 1)
        yield File(name, data if len(data) <= reader.limits.max_file_bytes else archive.too_large(reader.limits))


def of_folder(root: Path, reader: Reader) -> Iterator[File]:
    """The files of a folder and of all folders in it, in the order of their names; or one file, or a ZIP.

    Names are relative to the folder's parent, so that the folder's own name can be a label.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100 - resolved, a link's name would be lost
    for path in paths(root):
        # A name of an old disc may be in any encoding.
        name = os.fsencode(path.relative_to(root.parent).as_posix()).decode("utf-8", "replace")
        try:
            with path.open("rb") as file:
                head = file.read(len(SIGNATURE))
                file.seek(0)
                if archive.is_zip(head):
                    yield from _of_zip(file, name, reader)
                elif path.stat().st_size > reader.limits.max_file_bytes:
                    yield File(name, archive.too_large(reader.limits))
                else:
                    yield File(name, file.read())
        except OSError:
            yield File(name, PictureUnreadable(_l("The file cannot be opened. Check who may read it.")))


def paths(root: Path) -> Iterator[Path]:
    """Every file under a folder, or the file itself; links to folders are not followed."""
    if root.is_file():
        yield root
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if not archive.is_junk(path.relative_to(root).as_posix()) and path.is_file():
                yield path


def count(root: Path, reader: Reader) -> int:
    """How many files `of_folder` is going to give, as the folders and the ZIPs say; for a progress bar."""
    return sum(_entries(path, reader) if path.suffix.lower() == ".zip" else 1 for path in paths(root))


def _entries(path: Path, reader: Reader) -> int:
    try:
        with path.open("rb") as file:
            return reader.count(file)
    except (OSError, Problem):
        return 1


def _of_zip(file: IO[bytes], name: str, reader: Reader, client: str = "") -> Iterator[File]:
    try:
        for entry in reader.entries(file, client):
            yield entry._replace(name=f"{name}/{entry.name}")
    except Problem as problem:
        yield File(name, problem)
