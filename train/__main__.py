"""python -m train: train and export the networks, evaluate them, draw a sheet of penmanship or a sample set.

    python -m train                          # both networks, into static/models/
    python -m train --network robust --epochs 5 --limit 10000
    python -m train --extra my.npz           # robust again, with a person's own digits as Compare exports them
    python -m train evaluate --html report.html
    python -m train teachers                 # the larger networks that robust learns from; a GPU helps
    python -m train ablate                   # what each ingredient of the recipe brings
    python -m train without-dropout          # the same training without it, for the curves of the page Inside
    python -m train penmanship sheet.png
    python -m train sample                   # static/sample.zip, which the page Compare offers to newcomers

Interrupted training goes on where it stopped when the same command is given again.
"""

import argparse
import os
import sys
from pathlib import Path

from . import MODELS, ROOT, TEACHERS

SAMPLE = ROOT / "static" / "sample.zip"
MAX_SEED = 2**31 - 3
"""TensorFlow takes signed seeds of 32 bits, and sets of drawings take the next two as well."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    commands = {
        "ablate": _ablate,
        "evaluate": _evaluate,
        "penmanship": _penmanship,
        "sample": _sample,
        "teachers": _teachers,
        "without-dropout": _without_dropout,
    }
    command = commands.get(arguments[0]) if arguments else None
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    without = " without --fresh" if "--fresh" in arguments else ""
    from .errors import TrainError

    try:
        return command(arguments[1:]) if command else _train(arguments)
    except TrainError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\n{error}. When that is mended, give the same command again{without}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        trains = command in (None, _ablate, _teachers, _without_dropout)
        later = f" Give the same command again{without} to go on from the last finished epoch." if trains else ""
        print(f"\nStopped.{later}", file=sys.stderr)
        return 130


def _train(arguments: list[str]) -> int:
    parser = _training_parser("python -m train")
    _add_drawn(parser)
    parser.add_argument("--network", choices=["robust", "classic"], help="train only this one (default: both)")
    parser.add_argument("--extra", type=Path, help="retrain robust with the digits of this npz, as Compare exports it")
    options = parser.parse_args(arguments)
    if options.extra and options.network == "classic":
        parser.error("--extra retrains robust: the npz holds what robust sees, which classic is not fed.")
    from .networks import RECIPES
    from .pipeline import produce

    networks = ["robust"] if options.extra else ["classic", "robust"]
    for network in [options.network] if options.network else networks:
        produce(RECIPES[network], options)
    return 0


def _teachers(arguments: list[str]) -> int:
    parser = _training_parser("python -m train teachers")
    parser.set_defaults(out=TEACHERS)
    options = parser.parse_args(arguments)
    from .pipeline import teach

    teach(options)
    return 0


def _training_parser(prog: str) -> argparse.ArgumentParser:
    """What every training takes."""
    parser = argparse.ArgumentParser(prog=prog)
    _add_folders(parser)
    parser.set_defaults(extra=None)
    parser.add_argument("--epochs", type=_positive, default=0, help="passes over MNIST (default: the recipe's)")
    parser.add_argument("--seed", type=_seed, default=1)
    parser.add_argument("--limit", type=_positive, help="learn from so many pictures of MNIST only, for a trial")
    parser.add_argument(
        "--drawings", type=_not_negative, help="pen drawings to learn from (default: 300000, with --extra 40000)"
    )
    parser.add_argument(
        "--precision",
        choices=["float32", "bfloat16"],
        default="float32",
        help="bfloat16 halves the time on processors that have it in hardware",
    )
    return parser


def _add_folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=MODELS, help="folder of what is exported (default: %(default)s)")
    parser.add_argument("--work", type=Path, default=ROOT / "checkpoints", help="checkpoints and drawn pictures")
    parser.add_argument("--fresh", action="store_true", help="throw the checkpoint away and start anew")


def _add_drawn(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--drawn", type=_drawn_set, help="folder of people's drawings with index.csv, to measure on")


def _ablate(arguments: list[str]) -> int:
    parser = _training_parser("python -m train ablate")
    _add_drawn(parser)
    parser.set_defaults(epochs=8)
    options = parser.parse_args(arguments)
    from .pipeline import ablate

    ablate(options)
    return 0


def _without_dropout(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train without-dropout",
        description="Train a network again without dropout, with the settings in its card, and put the history there.",
    )
    _add_folders(parser)
    parser.add_argument("--network", choices=["robust", "classic"], default="classic", help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    from .pipeline import train_without_dropout

    train_without_dropout(options)
    return 0


def _evaluate(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m train evaluate")
    parser.add_argument("--model", action="append", help="name of a model; may be repeated (default: all)")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the models (default: %(default)s)")
    _add_drawn(parser)
    parser.add_argument(
        "--limit",
        type=_positive,
        help="take so many pictures of each set, or a few more, for a trial; leaves the cards",
    )
    parser.add_argument("--html", type=_new_file, help="write the report with plots and mistakes here")
    options = parser.parse_args(arguments)
    from .pipeline import report

    report(options.models, options.model, options.drawn, options.limit, options.html, keep=not options.limit)
    return 0


def _penmanship(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m train penmanship")
    parser.add_argument("sheet", type=_new_file, help="PNG file to draw")
    parser.add_argument("--seed", type=_seed, default=1)
    options = parser.parse_args(arguments)
    from .penmanship.sheet import sheet

    sheet(options.seed).save(options.sheet, "PNG")
    print(f"{options.sheet}: one row per digit, each of its forms first by name, then at random.")
    return 0


def _sample(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m train sample")
    parser.add_argument(
        "zip", type=_new_file, nargs="?", default=SAMPLE, help="ZIP file to write (default: %(default)s)"
    )
    parser.add_argument("--seed", type=_seed, default=1)
    options = parser.parse_args(arguments)
    from .sample import sample

    options.zip.write_bytes(sample(options.seed))
    print(f"{options.zip}: digits of the pen generator, filed and named as people file theirs.")
    return 0


def _positive(text: str) -> int:
    number = _not_negative(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _seed(text: str) -> int:
    number = _not_negative(text)
    if number > MAX_SEED:
        raise argparse.ArgumentTypeError(f"must be at most {MAX_SEED}")
    return number


def _not_negative(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("must be a whole number and must not be negative")
    return int(text)


# Told before hours of work, not after them.


def _drawn_set(text: str) -> Path:
    if not Path(text, "index.csv").is_file():
        raise argparse.ArgumentTypeError(f"{text} is no folder with index.csv")
    return Path(text)


def _new_file(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is a folder, or in none")
    return path


if __name__ == "__main__":
    status = main()
    if os.environ.get("TF_CONFIG"):
        # TensorFlow's pool of threads writes, now and then, to what the interpreter has closed at its end.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
