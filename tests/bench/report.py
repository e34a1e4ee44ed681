"""The figures as a table on the terminal, and as docs/bench.json and docs/bench.svg."""

import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Collection
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from server.settings import ROOT
from tests.bench.measures import Curve, Row, rounded
from tests.browser import find

JSON, PLOT, GROWTH = (ROOT / "docs" / name for name in ("bench.json", "bench.svg", "growth.svg"))
PACKAGES = ("ai-edge-litert", "flask", "tensorflow", "waitress")


def line(row: Row) -> str:
    """One line of the table: what, ours, reference, ratio, target, whether it holds."""
    cells = [_cell(row.ours, row.unit), "", "", "", ""]
    if row.reference:
        cells[1] = f"{_cell(row.reference, row.unit)} {row.reference_name}"
        cells[2] = f"{row.ratio:.3g} ×"
    if row.target:
        cells[3] = str(row.target)
        cells[4] = "holds" if row.holds else "FAILS"
    return f"{row.what:50} {cells[0]:>24}  {cells[1]:44} {cells[2]:>9}  {cells[3]:9} {cells[4]}".rstrip()


def _cell(values: list[float], unit: str) -> str:
    """The median with its unit, and the spread where there are several runs."""
    text = f"{_number(median(values))} {unit}"
    return f"{text} ({_number(min(values))}-{_number(max(values))})" if len(values) > 1 else text


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "browser": _browser(),
        **{name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    text = path.read_text() if path.exists() else ""
    name = re.search(r"^model name\s*: (.+)", text, re.MULTILINE)
    return name[1] if name else platform.processor() or platform.machine()


def _browser() -> str:
    path = find()
    return subprocess.run([path, "--version"], capture_output=True, text=True).stdout.strip() if path else "none"


def write(name: str, conditions: dict[str, Any], results: list[Row | Curve]) -> None:
    """Put the figures of one measure, and the conditions of its run, in the place of its earlier ones."""
    kept = json.loads(JSON.read_text()) if JSON.exists() else {}
    kept[name] = {
        "conditions": conditions,
        "rows": [_row(item) for item in results if isinstance(item, Row)],
        "curves": [asdict(item) for item in results if isinstance(item, Curve)],
    }
    JSON.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def forget_all_but(names: Collection[str]) -> None:
    """Drop the figures of measures that are no more."""
    kept = json.loads(JSON.read_text())
    JSON.write_text(
        json.dumps({name: kept[name] for name in kept if name in names}, indent=1, ensure_ascii=False) + "\n"
    )
    plot()


def _row(row: Row) -> dict[str, Any]:
    entry: dict[str, Any] = {"what": row.what, "unit": row.unit, "ours": [rounded(value) for value in row.ours]}
    if row.reference:
        entry |= {
            "reference": [rounded(value) for value in row.reference],
            "reference_name": row.reference_name,
            "ratio": rounded(row.ratio),
        }
    if row.target:
        entry |= {"target": str(row.target), "holds": row.holds}
    return entry


def plot() -> None:
    """Draw what docs/bench.json holds: the figures against their references, and how cost grows."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "digits", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    kept = json.loads(JSON.read_text())
    _plot_rows([row for entry in kept.values() for row in entry["rows"] if "ratio" in row])
    _plot_curves([curve for entry in kept.values() for curve in entry["curves"]])


def _plot_rows(rows: list[dict[str, Any]]) -> None:
    from matplotlib import pyplot as plt

    if not rows:
        return
    figure, axes = plt.subplots(figsize=(9, 0.5 + 0.45 * len(rows)), layout="constrained")
    for at, row in enumerate(reversed(rows)):
        axes.plot([1, row["ratio"]], [at, at], color="#9ab", lw=2)
        axes.plot(row["ratio"], at, "o", color="#c33" if row.get("holds") is False else "#15c")
        axes.annotate(f"{row['ratio']:.3g} ×", (row["ratio"], at), (0, 6), textcoords="offset points", ha="center")
        if "×" in row.get("target", ""):
            axes.plot(float(row["target"].split()[1]), at, "|", color="black", ms=14)
    names = [f"{row['what']}\nagainst {row['reference_name']}" for row in reversed(rows)]
    axes.set(xscale="log", yticks=range(len(rows)), xlabel="Digit Lab by the reference; | is the target")
    axes.set_yticklabels(names, fontsize=7)
    axes.axvline(1, color="#888", lw=1)
    axes.margins(y=0.5 / len(rows))
    figure.savefig(PLOT, metadata={"Date": None})


def _plot_curves(curves: list[dict[str, Any]]) -> None:
    from matplotlib import pyplot as plt

    plots = list(dict.fromkeys(curve["plot"] for curve in curves))
    if not plots:
        return
    rows = -(-len(plots) // 2)
    figure, grid = plt.subplots(rows, 2, figsize=(9, 3 * rows), layout="constrained", squeeze=False)
    for axes, title in zip(grid.flat, plots, strict=False):
        lines = [curve for curve in curves if curve["plot"] == title]
        for line in lines:
            axes.plot(line["x"], line["y"], "o-", ms=3, label=line["name"])
        axes.set_title(title, fontsize=9)
        axes.set(xlabel=lines[0]["x_label"], ylabel=lines[0]["y_label"], xscale="log", ylim=(0, None))
        if len(lines) > 1:
            axes.legend(frameon=False)
    for axes in list(grid.flat)[len(plots) :]:
        axes.set_visible(False)
    figure.savefig(GROWTH, metadata={"Date": None})
