"""What the comparison of many files costs, on the command line as people give it."""

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from server.settings import ROOT
from tests.bench.figures import megabytes
from tests.bench.measures import Bench, Curve, Row, Target, measure
from tests.photoshop import written_by_psd_tools
from tests.pictures import encode
from train.penmanship import choose_tool, draw, write

SIDE = 280
"""Of a drawn digit, in pixels."""
LOOK_SECONDS = 0.2
"""Between two looks at the memory."""
DRAWN = 200
"""As many digits are drawn; a folder of more has them several times."""


class Cost(NamedTuple):
    """Of one comparison."""

    seconds: float
    megabytes: float
    """The most memory that the command and its processes held together; what they share is counted once."""


@measure
def comparison(bench: Bench) -> Iterator[Row | Curve]:
    """A folder of PNG digits, of Photoshop files and a large ZIP, with all cores and with one."""
    with tempfile.TemporaryDirectory(prefix="digits-") as scratch:
        yield from _pngs(bench, Path(scratch))
        yield from _photoshop(bench, Path(scratch))
        yield from _zip(bench, Path(scratch))


def _pngs(bench: Bench, scratch: Path) -> Iterator[Row | Curve]:
    pictures = [encode(picture) for picture in _digits(DRAWN)]
    counts = bench.choose(full=[300, 1_000, 3_000, 10_000], quick=[30, 100])
    folders = {count: _folder(scratch / f"{count}-png", pictures, count, "png") for count in counts}
    many, few = counts[-1], counts[-2]
    runs = [(compare(folders[many]), compare(folders[many], cores=1)) for _ in range(bench.choose(full=3, quick=1))]
    yield Row(
        f"comparison of {many} PNG digits",
        "pictures/s",
        [many / ours.seconds for ours, _ in runs],
        [many / one.seconds for _, one in runs],
        "one core",
        Target(1.7, of_reference=True, at_least=True),
    )
    costs = {count: compare(folder) for count, folder in folders.items()}
    yield Row(
        f"comparison, memory at {many} PNG digits",
        "MB",
        [costs[many].megabytes],
        [costs[few].megabytes],
        f"at {few}",
        Target(1.1, of_reference=True),
    )
    seconds = [cost.seconds for cost in costs.values()]
    yield Curve("Comparison, by number of files", "PNG", "files", "s", [float(count) for count in counts], seconds)


def _photoshop(bench: Bench, scratch: Path) -> Iterator[Row]:
    count = bench.choose(full=1_000, quick=20)
    files = [written_by_psd_tools(mode) for mode in ("RGB", "L", "CMYK")]
    cost = compare(_folder(scratch / "psd", files, count, "psd"))
    yield Row(f"comparison of {count} PSDs with two digits each", "pictures/s", [2 * count / cost.seconds])


def _zip(bench: Bench, scratch: Path) -> Iterator[Row]:
    megabytes = bench.choose(full=500, quick=5)
    noise = encode(np.random.default_rng(0).integers(0, 256, (700, 700), np.uint8))
    path, count = scratch / "large.zip", megabytes * 10**6 // len(noise)
    with zipfile.ZipFile(path, "w") as archive:
        for k in range(count):
            archive.writestr(f"{k % 10}/{k}.png", noise)
    cost = compare(path)
    yield Row(f"comparison of a ZIP of {megabytes} MB, {count} PNGs of 700x700", "pictures/s", [count / cost.seconds])
    yield Row(f"comparison of a ZIP of {megabytes} MB, memory", "MB", [cost.megabytes])


def compare(source: Path, cores: int | None = None) -> Cost:
    """Run the command on `source`, on so many cores only; its start and MNIST's loading count."""
    command = [sys.executable, "-m", "flask", "--app", "server", "compare", source, "--csv", source.parent / "r.csv"]
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "DIGITS_READERS": str(len(allowed))},
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    most = 0.0
    while process.poll() is None:
        most = max(most, megabytes(process.pid))
        time.sleep(LOOK_SECONDS)
    assert process.returncode == 0, f"compare ended with {process.returncode}"
    return Cost(time.perf_counter() - started, most)


def _digits(count: int) -> Iterator[np.ndarray]:
    """Drawn digits, dark on light, uint8 [SIDE, SIDE]; 0 to 9 in turn."""
    rng = np.random.default_rng(4)
    for k in range(count):
        yield np.round(255 * (1 - draw(write(k % 10, rng), choose_tool(rng), SIDE, rng))).astype(np.uint8)


def _folder(path: Path, files: list[bytes], count: int, suffix: str) -> Path:
    """A folder of `count` files, in a folder for each digit."""
    for digit in range(10):
        (path / str(digit)).mkdir(parents=True)
    for k in range(count):
        (path / str(k % 10) / f"{k}.{suffix}").write_bytes(files[k % len(files)])
    return path
