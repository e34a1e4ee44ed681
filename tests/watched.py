"""`python -m tests.watched FOLDER`: hostile names through the API and the command line, under an audit hook.

Prints a line of JSON: how many pictures were answered, and each event of the files' and the system's that named one of
them. A reading process that does so ends at once, so its picture is lacking. A process of its own, since an audit hook
stays for ever.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

MARK = "zq7zq"
"""Stands in every hostile name, and nowhere else."""
NAMES = [
    f"../../{MARK}.png",
    f"/{MARK}/7.png",
    f"/etc/../{MARK}.png",
    f"..\\..\\{MARK}.png",
    f"C:\\{MARK}.png",
    f"\\\\host\\share\\{MARK}.png",
    f"file:///{MARK}.png",
    f"CON/{MARK}",
    f"NUL.{MARK}",
    f"/dev/stdin/{MARK}",
    f"~/{MARK}.png",
    f"${{HOME}}/{MARK}.png",
    f"7\0{MARK}.png",
    f"|touch {MARK}",
    f"{MARK}/" * 1000 + "7.png",
    f"{MARK}" * 1000 + ".png",
]
PATHS = ("open", "os.", "shutil.", "tempfile.", "glob.", "pathlib.", "subprocess.", "import", "ctypes.dlopen")
"""What the audit events begin with that take a path or a command: https://docs.python.org/3/library/audit_events.html"""


def watch(tell: Callable[[str], object]) -> None:
    """Call `tell` with each event that names a hostile name, from now on."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(PATHS) and any(MARK in _text(argument) for argument in arguments):
            tell(event)

    sys.addaudithook(hook)


def _text(argument: Any) -> str:
    return argument.decode(errors="replace") if isinstance(argument, bytes) else str(argument)


def _watch_readers() -> None:
    """Have the reading processes watch themselves too."""
    code = (
        "import os, runpy; from tests.watched import watch; watch(lambda event: os._exit(1));"
        "runpy.run_module('server.pictures.child', run_name='__main__')"
    )
    start = subprocess.Popen

    def start_watched(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        assert command[1:3] == ["-m", "server.pictures.child"]
        return start([command[0], "-c", code, *command[3:]], **options)

    subprocess.Popen = start_watched  # type: ignore[assignment,misc]


def main(folder: Path) -> None:
    """Send everything, and print what was seen."""
    from server import create_app
    from server.settings import Settings
    from tests.archives import named_in
    from tests.bad_inputs import END, FORM, PNG, form
    from tests.photoshop import layer, written_by_ag_psd

    layers = written_by_ag_psd(*[layer(name) for name in NAMES])  # by another program, whose start is not watched
    zips = [named_in("utf-8", name, PNG) for name in NAMES]
    events: list[str] = []
    watch(events.append)
    _watch_readers()
    app = create_app(Settings(readers=1))
    uploads = [*((name, PNG) for name in NAMES), *(("a.zip", data) for data in zips), (f"../{MARK}.psd", layers)]
    parts = [form(data, name.replace("\\", "\\\\"), "files").removesuffix(END) for name, data in uploads]
    answer = app.test_client().post("/api/compare", data=b"".join(parts) + END, content_type=FORM).json
    uploaded = len(answer["pictures"]), len(answer["skipped"])

    source, reports = folder / "source", {kind: folder / f"out.{kind}" for kind in ("html", "json", "csv", "npz")}
    source.mkdir()
    for number, data in enumerate([*zips, layers]):
        (source / str(number)).write_bytes(data)
    options = [text for kind, path in reports.items() for text in (f"--{kind}", str(path))]
    app.test_cli_runner().invoke(args=["compare", str(source), *options])
    answer = json.loads(reports["json"].read_text())
    listed = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.parent != source)
    print(json.dumps([uploaded, (len(answer["pictures"]), len(answer["skipped"])), listed, events]))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
