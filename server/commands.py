"""`flask --app server compare my_digits/ --html report.html`: the page's comparison on the command line.

Exit status: 0 done, 1 nothing could be read, 2 wrong usage, 3 `robust` read less than `--at-least` of the labelled
pictures, 130 stopped by Ctrl-C; the reports then tell of what was read until then.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event
from typing import IO, Any

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_babel import format_decimal
from flask_babel import gettext as _

from server.comparison import exports, sources
from server.comparison.rows import Row
from server.comparison.run import run_in_processes
from server.i18n import LANGUAGES
from server.pictures import File, Layers
from server.recognizer import ROBUST

NOTHING_READ, BELOW_DEMAND, STOPPED = 1, 3, 130
DOWNLOAD_SECONDS = 60
"""How long MNIST's download is waited for, when it is needed for the first time."""
OUTPUT = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command("compare")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--html", type=OUTPUT, help="Write the report with all pictures as one HTML file.")
@click.option("--json", "json_", type=OUTPUT, help="Write all results as JSON.")
@click.option("--csv", "csv_", type=OUTPUT, help="Write a table of the pictures.")
@click.option("--npz", type=OUTPUT, help="Write the labelled digits as MNIST's own file has them, to train on.")
# As texts: of an enumeration click would take the names in capitals.
@click.option(
    "--layers",
    type=click.Choice([str(layers) for layers in Layers]),
    default="auto",
    show_default=True,
    help="What is a digit in a Photoshop file: the whole picture, each visible layer, or each artboard or group.",
)
@click.option("--lang", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@click.option("--at-least", type=click.FloatRange(0, 1), help="Fail where less of the labelled pictures is read right.")
@with_appcontext
def compare(
    source: Path,
    html: Path | None,
    json_: Path | None,
    csv_: Path | None,
    npz: Path | None,
    layers: str,
    lang: str,
    at_least: float | None,
) -> None:
    """Read the digits in SOURCE, a folder, a ZIP or one file, and compare them with MNIST.

    Ctrl-C stops after the files that are being read, and the reports tell of what was read until then.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    for path in (html, json_, csv_, npz):
        # Told before the work and not after it.
        if path and not path.exists() and not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
            raise click.BadParameter(f"{path.parent} is not a folder, or may not be written to.")
    with app.test_request_context(headers={"Accept-Language": lang}):
        _wait_for_mnist(app)
        with _room_for_rows() as spool, _until_interrupted() as stopped:
            try:
                summary = _run(app, source, Layers(layers), spool, stopped)
            except BrokenProcessPool:
                raise click.ClickException(
                    _(
                        "A process of the comparison was killed, perhaps for want of memory. "
                        "With DIGITS_READERS=1 it takes the least."
                    )
                ) from None
            print(_headline(summary))
            try:
                for path, export in ((html, exports.as_html), (json_, exports.as_json), (csv_, exports.as_csv)):
                    if path:
                        with path.open("w", encoding="utf-8", newline="") as file:
                            file.writelines(export(_rows(spool)))
                if path := npz:
                    with path.open("wb") as file:
                        exports.write_npz(_rows(spool), file)
            except OSError as error:
                raise click.FileError(str(path), error.strerror) from None
    app.extensions["reader"].close()
    accuracy = summary["models"][ROBUST]["accuracy"]
    if stopped.is_set():
        sys.exit(STOPPED)
    if not summary["pictures"]:
        sys.exit(NOTHING_READ)
    if at_least is not None and (accuracy is None or accuracy["share"] < at_least):
        sys.exit(BELOW_DEMAND)


@contextmanager
def _room_for_rows() -> Iterator[IO[str]]:
    """A temporary file; a disk that is full is said in a sentence."""
    try:
        with TemporaryFile("w+", encoding="utf-8") as spool:
            yield spool
    except BrokenPipeError:  # nobody reads what is printed meanwhile; click ends quietly
        raise
    except OSError as error:
        raise click.ClickException(
            _(
                "Temporary files cannot be written (%(reason)s). Make room, or name another folder by TMPDIR.",
                reason=error.strerror,
            )
        ) from None


@contextmanager
def _until_interrupted() -> Iterator[Event]:
    """An event that the first Ctrl-C sets, so that what was begun can be finished; the second one interrupts."""
    stopped = Event()

    def stop(_number: int, _frame: object) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, usual)

    usual = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, usual)


def _wait_for_mnist(app: Any) -> None:
    """Load MNIST; with it the first picture is compared like the last."""
    mnist = app.extensions["mnist"]
    if mnist.must_download:
        click.echo(_("MNIST is being downloaded, once (11 MB)…"), err=True)
    mnist.start()
    mnist.wait(DOWNLOAD_SECONDS)


def _run(app: Any, source: Path, layers: Layers, spool: IO[str], stopped: Event) -> Row:
    """Write every row to `spool`, a line each, and return the summary."""
    reader = app.extensions["reader"]
    with click.progressbar(length=sources.count(source, reader), label=source.name, file=sys.stderr) as bar:
        files = _ticking(sources.of_folder(source, reader), bar, stopped)
        for line in exports.as_ndjson(_telling(run_in_processes(app, files, layers))):
            spool.write(line)
            last = line
    summary: Row = json.loads(last)["summary"]
    return summary


def _ticking(files: Iterator[File], bar: Any, stopped: Event) -> Iterator[File]:
    """Move the bar with each file, until the work is stopped."""
    for file in files:
        if stopped.is_set():
            click.echo("\n" + _("Stopped: what was read until now is reported. Ctrl-C again gives that up."), err=True)
            return
        bar.update(1)
        yield file


def _telling(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        if skipped := row.get("skipped"):
            name = "/".join(filter(None, (skipped["name"], skipped["layer"])))
            click.echo(f"\n{printable(name)}: {skipped['reason']}", err=True)
        yield row


def _rows(spool: IO[str]) -> Iterator[Row]:
    spool.seek(0)
    return map(json.loads, spool)


def printable(text: str) -> str:
    """A name from a file without what would steer the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _headline(summary: Row) -> str:
    lines = []
    if not summary["mnist"]:
        lines.append(
            _(
                "MNIST is missing: nothing is said of strokes and neighbours, and its figures are those of the cards. "
                "Connect to the internet once, or let MNIST_NPZ name a mnist.npz."
            )
        )
    for name, model in summary["models"].items():
        text = _("%(name)s: no labelled picture", name=name)
        if accuracy := model["accuracy"]:
            hits = round(accuracy["share"] * model["n"])
            text = _(
                "%(name)s: read %(hits)d of %(n)d, %(percent)s %% (95 %% interval %(low)s to %(high)s)",
                name=name,
                hits=hits,
                n=model["n"],
                **{key: _percent(accuracy[value]) for key, value in _SHARES.items()},
            )
        if model["mnist"]:
            text += "; " + _("MNIST: %(percent)s %%", percent=_percent(model["mnist"]["accuracy"]["share"], 2))
        lines.append(text)
    if summary["ablation"]["raw"]:
        shares = {step: _percent(accuracy["share"]) for step, accuracy in summary["ablation"].items()}
        lines.append(
            _(
                "classic on the raw pictures: %(raw)s %%; cut out by box: %(box)s %%; centred by mass: %(mass)s %%",
                **shares,
            )
        )
    lines.append(
        _(
            "Pictures: %(pictures)d, without a label: %(unlabelled)d, skipped: %(skipped)d",
            **{key: summary[key] for key in ("pictures", "unlabelled", "skipped")},
        )
    )
    return "\n".join(lines)


_SHARES = {"percent": "share", "low": "low", "high": "high"}


def _percent(share: float, decimals: int = 1) -> str:
    return str(format_decimal(100 * share, "0." + decimals * "0"))
