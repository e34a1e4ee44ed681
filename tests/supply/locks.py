"""What the locks pin."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from server.settings import ROOT

EVERYTHING, RUN = ROOT / "requirements.txt", ROOT / "requirements-run.txt"
"""All Python packages, and those of them that the server needs."""


def pins(lock: Path) -> dict[Requirement, list[str]]:
    """Each pinned package of a lock with the hashes of its files."""
    found: dict[Requirement, list[str]] = {}
    for line in _logical_lines(lock):
        requirement, *hashes = line.split(" --hash=")
        found[Requirement(requirement)] = [hash.strip() for hash in hashes]
    return found


def installed_here(lock: Path) -> set[str]:
    """Names of the packages that a lock brings to this machine."""
    return {pin.name for pin in pins(lock) if pin.marker is None or pin.marker.evaluate()}


def npm_packages() -> dict[str, dict[str, Any]]:
    """The npm lock's packages, by their path under node_modules."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return {path: package for path, package in packages.items() if path}


def _logical_lines(lock: Path) -> Iterator[str]:
    text = lock.read_text().replace("\\\n", " ")
    yield from (line for line in text.splitlines() if line and not line.startswith("#"))
