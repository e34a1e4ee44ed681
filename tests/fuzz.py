"""Damaged Photoshop files, PNGs and ZIPs against the server: `make fuzz`, or `python -m tests.fuzz --seconds 600`.

Each case is made from the seed and its number alone, so `--seed 7 --case 1234 --save bad.psd` makes it again.
"""

import argparse
import json
import random
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from itertools import count, takewhile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from flask import Flask
from PIL import Image

from server import create_app
from server.pictures import Layers, reader
from server.settings import Settings
from tests.archives import encrypted, with_link, zipped
from tests.photoshop import group, layer, written_by_ag_psd, written_by_hand, written_by_psd_tools
from tests.pictures import encode, seven

INTERESTING = (0, 1, 2, 3, 4, 8, 16, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Numbers at which lengths, counts and signs go wrong."""
CHANGES = (1, 1, 1, 2, 2, 4, 8)
LONGEST_PIECE = 64
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Finding(AssertionError):
    """A file that the server did not bear; the message says how to make it again."""


@cache
def corpus() -> dict[str, list[bytes]]:
    """Small good files by kind, as different from each other as the formats allow."""
    small, colour = seven(20, 30), np.repeat(seven(20, 30)[..., None], 3, axis=2)
    images = [
        Image.fromarray(small),
        Image.fromarray(colour),
        Image.fromarray(small).convert("P"),
        Image.fromarray(small).convert("1"),
        Image.fromarray(small).convert("LA"),
        Image.fromarray(colour).convert("RGBA"),
        Image.fromarray(small.astype(np.uint16) * 257),
    ]
    pngs = [encode(image) for image in images] + [encode(images[2], transparency=0)]
    tree = group("7", layer("a"), group("inner", layer("семь", hidden=True)))
    psds = [
        written_by_ag_psd(layer("7"), layer("3", opacity=0.5), size=(40, 30)),
        written_by_ag_psd(tree, layer("clipped", clipping=True), size=(40, 30)),
        written_by_ag_psd(layer("7"), size=(40, 30), psb=True),
        *(written_by_hand(mode, small, depth) for mode in ("grey", "RGB", "CMYK", "Lab") for depth in (8, 16)),
        *(written_by_hand(mode, small) for mode in ("indexed", "duotone", "multichannel, last plate")),
        written_by_hand("bitmap", small, 1),
        written_by_hand("grey", small, 32),
        written_by_psd_tools("RGB"),
    ]
    files = {"3/a.png": pngs[0], "семь/7.psd": psds[3], "b.txt": b"seven" * 50}
    zips = [
        *(zipped(files, compression) for compression in (0, 8, 12, 14)),
        with_link("7.png", "/etc/passwd"),
        encrypted("7.png", pngs[0]),
    ]
    return {"png": pngs, "psd": psds, "zip": zips}


def damaged(seed: int, number: int) -> tuple[str, bytes]:
    """The kind and the bytes of one case."""
    dice = random.Random(f"{seed}:{number}")
    kind = dice.choice(list(corpus()))
    data = bytearray(dice.choice(corpus()[kind]))
    for _ in range(dice.choice(CHANGES)):
        dice.choice((_flip, _set_number, _cut_out, _repeat, _splice, _truncate))(data, dice)
    if kind == "png" and dice.random() < 0.9:
        data = bytearray(_with_checksums(bytes(data)))
    return kind, bytes(data)


def _flip(data: bytearray, dice: random.Random) -> None:
    if data:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _set_number(data: bytearray, dice: random.Random) -> None:
    size, order = dice.choice((1, 2, 4, 8)), dice.choice(("big", "little"))
    at = dice.randrange(max(1, len(data) - size))
    data[at : at + size] = (dice.choice(INTERESTING) % 256**size).to_bytes(size, order)


def _cut_out(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    del data[at : at + dice.randint(1, LONGEST_PIECE)]


def _repeat(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    data[at:at] = data[at : at + dice.randint(1, LONGEST_PIECE)] * dice.choice((1, 2, 100))


def _splice(data: bytearray, dice: random.Random) -> None:
    other = dice.choice(corpus()[dice.choice(list(corpus()))])
    start, at = dice.randrange(len(other)), dice.randrange(len(data) + 1)
    length = dice.randint(1, LONGEST_PIECE)
    data[at : at + length] = other[start : start + length]


def _truncate(data: bytearray, dice: random.Random) -> None:
    if dice.random() < 0.3:
        del data[dice.randrange(len(data) + 1) :]


def _with_checksums(data: bytes) -> bytes:
    """A PNG with the right checksum at each chunk, so that damage gets further than the first check."""
    fixed, at = PNG_SIGNATURE, len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunk = data[at + 4 : at + 8 + length]
        fixed += data[at : at + 4] + chunk + struct.pack(">I", zlib.crc32(chunk))
        at += 12 + length
    return fixed


@contextmanager
def _watched() -> Iterator[list[int]]:
    """The exit statuses of reading processes that end without an answer and without being late."""
    deaths: list[int] = []

    class Watched(reader._Child):
        def ask(self, *arguments: Any) -> tuple[Any, bytes]:
            try:
                return super().ask(*arguments)
            except EOFError:
                deaths.append(self.process.returncode)
                raise

    with patch.object(reader, "_Child", Watched):
        yield deaths


def fuzz(app: Flask, seed: int, numbers: Iterable[int]) -> Counter[str]:
    """Send the cases of these numbers to POST /api/compare; count what came of them.

    Raises:
        Finding: a case made the server fail, a reading process die, or took as long as a file may at most.
    """
    client, outcomes = app.test_client(), Counter[str]()
    with _watched() as deaths:
        for number in numbers:
            kind, data = damaged(seed, number)
            try:
                outcomes.update(f"{kind} {outcome}" for outcome in _send(client, kind, data, number))
                assert not deaths, f"the reading process died with status {deaths}"
            except Exception as error:
                again = f"python -m tests.fuzz --seed {seed} --case {number} --save bad.{kind}"
                raise Finding(f"{type(error).__name__}: {error}\nmake it again: {again}") from error
    return outcomes


def _send(client: Any, kind: str, data: bytes, number: int) -> Iterator[str]:
    layers = list(Layers)[number % len(Layers)]
    form = {"files": (BytesIO(data), f"7.{kind}"), "layers": layers}
    response = client.post("/api/compare", data=form, headers={"Accept": "application/x-ndjson"})
    assert response.status_code == 200, response.status_code
    *rows, last = [json.loads(line) for line in response.text.splitlines()]
    assert "summary" in last
    for row in rows:
        reason = row.get("skipped", {}).get("reason", "")
        assert "took longer" not in reason, reason
        yield "refused" if reason else "read"
        if "memory" in reason:
            yield "needs too much memory"


def main() -> int:
    """Fuzz as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="default: the time")
    parser.add_argument("--case", type=int, default=0, help="number of the first case")
    parser.add_argument("--save", type=Path, help="write the first case to this file, and stop")
    options = parser.parse_args()
    if options.save:
        options.save.write_bytes(damaged(options.seed, options.case)[1])
        return 0
    app = create_app(Settings(compare_rate=0))
    print(f"seed {options.seed}", flush=True)
    try:
        end = time.monotonic() + options.seconds
        outcomes = fuzz(app, options.seed, takewhile(lambda _: time.monotonic() < end, count(options.case)))
    except Finding as finding:
        print(finding, file=sys.stderr)
        return 1
    for outcome, times in sorted(outcomes.items()):
        print(f"{times:8} {outcome}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
