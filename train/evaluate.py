"""Measures the exported models, the very files that ship, on every set there is, by LiteRT.

Sets: the MNIST test set; each perturbation of it; pen drawings of a seed that training never saw; doodles of
kinds that training never saw; blank sheets of another seed; and, where a folder of them is named, pictures that
people drew (`index.csv` with the columns `file` and `label` beside the pictures), for measuring only.
"""

import base64
import csv
import html
import io
import json
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from . import mnist, synthesis
from .errors import DataError
from .export import litert
from .measures import measure
from .normalizing import FAINTEST
from .penmanship.doodles import BLANK, ONLY_MEASURED
from .perturbations import PERTURBATIONS, perturb
from .progress import progress

BATCH = 500
DRAWINGS_SEED = 20_011
DOODLES_SEED = 20_021
Chunks = Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]


class LabelledSet(NamedTuple):
    """A labelled set that is read piece by piece, so that no set has to fit into memory."""

    name: str
    chunks: Callable[[], Chunks]
    """Pieces (pictures [k, h, w], labels [k])."""


def every_set(drawn: Path | None, limit: int | None = None) -> list[LabelledSet]:
    """All sets; `limit` takes the first pictures of each only, or a few more."""
    test = mnist.load().test.first(limit)

    def perturbed(name: str) -> Callable[[], Chunks]:
        def chunks():
            # Smaller pieces than of plain MNIST: 600 x 600 float32 pictures are 1.4 MB each.
            for start in range(0, len(test.labels), 100):
                part = slice(start, start + 100)
                yield perturb(name, test.pictures[part], start), test.labels[part]

        return chunks

    def plain():
        for start in range(0, len(test.labels), BATCH):
            yield test.pictures[start : start + BATCH], test.labels[start : start + BATCH]

    def penmanship():
        return _of_every_side(DRAWINGS_SEED, 800, limit)

    sets = [LabelledSet("MNIST test", plain)]
    if drawn:
        sets.append(LabelledSet("drawn by people", lambda: islice(read_drawn(drawn), limit)))
    sets.append(LabelledSet("penmanship", penmanship))
    return sets + [LabelledSet(f"MNIST, {name}", perturbed(name)) for name in PERTURBATIONS]


def _of_every_side(seed: int, count: int, limit: int | None, **what) -> Chunks:
    """Drawings on canvases of every size, `count` of each or, of all together, `limit`; `what` as of `draw_block`."""
    sides = len(synthesis.SIDES)
    for block in range(sides):
        yield synthesis.draw_block(seed, block, count=min(count, -(-limit // sides)) if limit else count, **what)


def read_drawn(folder: Path) -> Chunks:
    """Pictures that people drew, one by one, upright, transparency on white, or on black where white would hide all.

    Raises:
        DataError: no index.csv, or a picture that it names cannot be read.
    """
    try:
        with (folder / "index.csv").open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        if not rows:
            raise ValueError("its index.csv names no pictures")
        for row in rows:
            picture = ImageOps.exif_transpose(Image.open(folder / row["file"]))
            if picture.mode.startswith("I;16"):  # Pillow would clip it
                picture = Image.fromarray((np.asarray(picture) // 257).astype(np.uint8))
            label = int(row["label"])
            if not 0 <= label <= 9:
                raise ValueError(f"the label {label} is no digit")
            yield _flat(picture.convert("RGBA"))[np.newaxis], np.array([label], np.uint8)
    # Also for a line without all columns, a damaged PNG, and one that is far too large.
    except (OSError, KeyError, TypeError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{folder} is no set of drawn digits: {error}. It needs index.csv with file,label.") from error


def _flat(picture: Image.Image) -> NDArray[np.uint8]:
    on_white, on_black = (
        np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, ground), picture).convert("L"))
        for ground in ("white", "black")
    )
    return on_black if np.ptp(on_white) < FAINTEST else on_white


def evaluate(folder: Path, sets: list[LabelledSet], limit: int | None = None) -> dict:
    """Figures of the model in `folder` on each set, its mistakes, and the share that it is not sure about of what is no
    digit, `doodles` and `blank` sheets.

    `limit` is of these too, as in `every_set`.
    """
    card = json.loads((folder / "card.json").read_text())
    run = litert((folder / "model.tflite").read_bytes())
    threshold = card["threshold"]
    bar = progress(len(sets) + 2, f"evaluating {card['name']}")
    figures: dict[str, dict] = {}
    mistakes: dict[str, list[dict]] = {}
    for labelled in sets:
        parts = [(run(pictures), labels) for pictures, labels in labelled.chunks()]
        probabilities = np.concatenate([outputs["probabilities"] for outputs, _ in parts])
        labels = np.concatenate([labels for _, labels in parts])
        images = np.concatenate([outputs["normalized"][..., 0] for outputs, _ in parts])
        figures[labelled.name] = measure(probabilities, labels, threshold)
        mistakes[labelled.name] = worst_mistakes(images, probabilities, labels)
        bar.add(1)
    no_digits: dict[str, dict] = {}
    for key, kinds in (("doodles", ONLY_MEASURED), ("blank", [BLANK])):
        drawings = _of_every_side(DOODLES_SEED, 400, limit, doodles=1.0, kinds=kinds)
        confidence = np.concatenate([run(pictures)["probabilities"].max(axis=1) for pictures, _ in drawings])
        no_digits[key] = {"n": len(confidence), "not_sure": round(float((confidence < threshold).mean()), 4)}
        bar.add(1)
    perturbed = [figures[s.name]["accuracy"] for s in sets if s.name.startswith("MNIST, ")]
    return {
        "date": time.strftime("%Y-%m-%d"),
        "sets": figures,
        "perturbed": {"worst": min(perturbed), "mean": round(float(np.mean(perturbed)), 5)},
        **no_digits,
        "mistakes": mistakes,
    }


def worst_mistakes(images: NDArray, probabilities: NDArray, labels: NDArray, count: int = 24) -> list[dict]:
    """The most confident mistakes, with what the network saw as a PNG data URL."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    wrong = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:count]
    found = []
    for k in wrong:
        file = io.BytesIO()
        Image.fromarray(np.round(images[k] * 255).astype(np.uint8)).save(file, "PNG")
        found.append(
            {
                "label": int(labels[k]),
                "read": int(probabilities[k].argmax()),
                "probability": round(float(probabilities[k].max()), 4),
                "png": _data_url(file),
            }
        )
    return found


def into_card(folder: Path, result: dict) -> None:
    """Writes the figures into the model's card, the mistakes' pictures left out; other sets keep theirs."""
    path = folder / "card.json"
    card = json.loads(path.read_text())
    kept = ("accuracy", "low", "high", "n")
    sets = {**card.get("evaluation", {}).get("sets", {}), **result["sets"]}
    card["accuracy"] = {name: {key: figures[key] for key in kept} for name, figures in sets.items()}
    card["evaluation"] = {**{key: value for key, value in result.items() if key != "mistakes"}, "sets": sets}
    write_card(path, card)


def write_card(path: Path, card: dict) -> None:
    """Replaces a card; a reader sees the old one or the new one."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def table(results: dict[str, dict]) -> str:
    """Every set and model as text: accuracy with its interval, calibration, and what the threshold does."""
    measured = list(results.values())
    sets = list(measured[0]["sets"])
    rows = {"set": list(results)}
    for name in sets:
        figures = [result["sets"][name] for result in measured]
        rows[name] = [f"{_percent(f['accuracy'])} ({100 * f['low']:.2f} to {100 * f['high']:.2f})" for f in figures]
    for key in ("worst", "mean"):
        rows[f"perturbed, {key}"] = [_percent(result["perturbed"][key]) for result in measured]
    for name in sets[:2]:
        for key in ("calibration_error", "coverage", "accuracy_when_sure"):
            rows[f"{key.replace('_', ' ')}, {name}"] = [_percent(result["sets"][name][key]) for result in measured]
    for key in ("doodles", "blank"):
        rows[f"{key}, not sure"] = [_percent(result[key]["not_sure"]) for result in measured]
    return "\n".join(f"{label:38}" + "".join(f"{cell:28}" for cell in cells) for label, cells in rows.items())


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"


def page(results: dict[str, dict], histories: dict[str, list[dict]]) -> str:
    """The whole evaluation as one self-contained HTML page."""
    parts = [f"<pre>{html.escape(table(results))}</pre>"]
    for model, result in results.items():
        parts.append(f"<h2>{html.escape(model)}</h2>{_learning_curve(histories[model])}")
        for name, figures in result["sets"].items():
            recall = "".join(f"<td>{100 * r:.2f}</td>" for r in figures["recall"])
            rows = "".join(
                f"<tr><th>{digit}</th>" + "".join(f"<td>{count or ''}</td>" for count in row) + "</tr>"
                for digit, row in enumerate(figures["confusion"])
            )
            head = "".join(f"<th>{digit}</th>" for digit in range(10))
            parts.append(
                f"<details{'' if name.startswith('MNIST, ') else ' open'}><summary>{html.escape(name)}</summary>"
                f"<table><caption>Confusion matrix: rows true, columns read; last row "
                f"recall in %</caption><tr><th></th>{head}</tr>{rows}<tr><th>%</th>{recall}</tr></table>"
                f"{_calibration_curve(figures)}<p>Worst mistakes (true, read, probability):</p>"
            )
            for mistake in result["mistakes"][name]:
                words = f"{mistake['label']}, {mistake['read']}, {mistake['probability']:.2f}"
                parts.append(f'<figure><img src="{mistake["png"]}" alt=""><figcaption>{words}</figcaption></figure>')
            parts.append("</details>")
    style = (
        "body{font:16px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem;color-scheme:light dark}"
        "table{border-collapse:collapse}td,th{padding:.1rem .5rem;text-align:right}"
        "figure{display:inline-block;margin:.5rem;text-align:center}figure img{width:84px;image-rendering:pixelated}"
        "p img{max-width:100%}pre{overflow:auto}summary{font-weight:bold}"
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Digit Lab: evaluation</title><style>{style}</style><h1>Evaluation</h1>{''.join(parts)}</html>\n"
    )


def _plot(alt: str, draw: Callable) -> str:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    draw(axes)
    file = io.BytesIO()
    figure.savefig(file)
    pyplot.close(figure)
    return f'<p><img src="{_data_url(file)}" alt="{alt}"></p>'


def _data_url(png: io.BytesIO) -> str:
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()


def _learning_curve(history: list[dict]) -> str:
    def draw(axes):
        for key, label in (("loss", "training loss"), ("val_loss", "validation loss")):
            axes.plot([h["epoch"] for h in history], [h[key] for h in history], label=label)
        axes.set_xlabel("epoch")
        axes.legend()

    return _plot("Learning curve", draw) if history else ""


def _calibration_curve(figures: dict) -> str:
    def draw(axes):
        curve = figures["calibration_curve"]
        axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
        axes.plot([p["confidence"] for p in curve], [p["accuracy"] for p in curve], "o-")
        axes.set_xlabel("probability of the answer")
        axes.set_ylabel("share that is right")

    return _plot("Calibration curve", draw)
