"""What the server and its reading processes say to each other: a JSON head, then bytes.

JSON and raw greys, never pickles: what a damaged file made of the process must not get further than its pixels.
"""

import json
import struct
from typing import IO, Any

LENGTHS = struct.Struct(">IQ")
"""Bytes of the head, bytes of the body."""

LOAD_PHOTOSHOP = "photoshop"
"""Asks a reading process to load what Photoshop files need, which takes a second and 90 MB."""
UNPREPARED = "unprepared"
"""The problem that a Photoshop file came before that."""

READ, LIST = "read", "list"
"""What a reading process does with the bytes that it gets: reads the pictures of a file, or lists a ZIP's entries."""

LATE = "late"
"""The problem that a file took longer than its time."""
GRACE_SECONDS = 1.0
"""What a reading process gets to tell so by itself."""
MEMORY = "memory"
"""The problem that a reading process tells before it ends at its limit."""


def send(stream: IO[bytes], head: Any, *parts: Any) -> None:
    """Write one message; `parts` are bytes-like and follow each other in the body."""
    encoded = json.dumps(head).encode()
    stream.write(LENGTHS.pack(len(encoded), sum(memoryview(part).nbytes for part in parts)) + encoded)
    for part in parts:
        stream.write(part)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[Any, bytes]:
    """Read one message as (head, body).

    Raises:
        EOFError: the other side is gone.
    """
    head_length, body_length = LENGTHS.unpack(_exactly(stream, LENGTHS.size))
    head = json.loads(_exactly(stream, head_length))
    return head, _exactly(stream, body_length)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data
