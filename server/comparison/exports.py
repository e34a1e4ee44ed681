"""The report to take home: CSV, JSON, an npz in Keras's form, and one self-contained HTML file, all from rows."""

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import IO
from zlib import crc32

import numpy as np
from flask import render_template

from server.comparison.rows import Row, from_png
from server.recognizer import NETWORKS, ROBUST

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What makes a spreadsheet take a text for a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""
HELD_BACK = 5
"""One of so many labelled digits goes to the test part, which training must not see."""
ROWS_HERE = "@@rows@@"
COLUMNS = ("name", "layer", "label", "label_source", "suspect", "reasons")


def as_csv(rows: Iterable[Row]) -> Iterator[str]:
    """CSV of the pictures, line by line: names, label, and each network's digit and ten probabilities."""
    line = StringIO()
    writer = csv.writer(line)

    def written(values: list[object]) -> str:
        line.seek(0)
        line.truncate()
        writer.writerow([safe(value) for value in values])
        return line.getvalue()

    head = [f"{model}_{column}" for model in NETWORKS for column in ("digit", *(f"p{digit}" for digit in range(10)))]
    yield "\ufeff" + written([*COLUMNS, *head])  # the mark by which Excel knows UTF-8
    for row in rows:
        if not (picture := row.get("picture")):
            continue
        values = [picture[name] for name in COLUMNS[:-1]] + [" ".join(picture["reasons"])]
        for model in NETWORKS:
            values += [picture["models"][model]["digit"], *picture["models"][model]["probabilities"]]
        yield written(values)


def safe(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_json(rows: Iterable[Row]) -> Iterator[str]:
    """One JSON object with `pictures`, `skipped` and `summary`, piece by piece."""
    skipped: list[str] = []
    summary: Row = {}
    yield '{"pictures": ['
    comma = ""
    for row in rows:
        if picture := row.get("picture"):
            yield comma + json.dumps(picture, ensure_ascii=False)
            comma = ",\n"
        elif "skipped" in row:
            skipped.append(json.dumps(row["skipped"], ensure_ascii=False))
        else:
            summary = row.get("summary", {})
    yield f'],\n"skipped": [{", ".join(skipped)}],\n"summary": {json.dumps(summary)}}}\n'


def as_ndjson(rows: Iterable[Row]) -> Iterator[str]:
    """One row a line."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"


def as_html(rows: Iterable[Row], template: str = "report.html") -> Iterator[str]:
    """A page that holds the rows, piece by piece; by default one self-contained file."""
    before, after = render_template(template, rows=ROWS_HERE).split(ROWS_HERE)
    yield before
    for line in as_ndjson(rows):
        yield line.replace("<", "\\u003c")  # so that no name can end the script element
    yield after


def write_npz(rows: Iterable[Row], file: IO[bytes]) -> None:
    """What `robust` sees of the labelled digits, as MNIST's own file has it: x_train, y_train, x_test, y_test.

    Pictures where it sees nothing are left out, whatever their label: there is nothing to learn from them.

    Raises:
        ValueError: a row's image is not what `server.comparison.rows.png` wrote.
    """
    images, labels = bytearray(), bytearray()
    for row in rows:
        picture = row.get("picture")
        if picture and picture["label"] is not None and picture["models"][ROBUST]["digit"] is not None:
            images += from_png(picture["models"][ROBUST]["sees"]).tobytes()
            labels.append(picture["label"])
    x, y = np.frombuffer(images, np.uint8).reshape(-1, 28, 28), np.frombuffer(labels, np.uint8)
    # By content: what was held back once stays so, whatever digits are added; but for the one of a small set that no
    # lot falls on.
    lots = np.array([crc32(image) for image in x], np.uint32)
    test = lots % HELD_BACK == 0
    if len(y) >= HELD_BACK and not test.any():
        test = lots == lots.min()
    np.savez_compressed(file, x_train=x[~test], y_train=y[~test], x_test=x[test], y_test=y[test])
