"""The figures as a table on the terminal, and as docs/bench.json and docs/bench.svg."""

import json
import os
import platform
import re
import subprocess
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from server.settings import ROOT
from tests.bench.measures import Curve, Row, rounded
from tests.browser import find

JSON = ROOT / "docs/bench.json"
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
        "system": platform.platform(terse=True),
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
