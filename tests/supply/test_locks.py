"""All that is installed is pinned, and checked against a hash."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from server.settings import ROOT
from tests.supply.locks import EVERYTHING, RUN, npm_packages, pins

GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]


@pytest.mark.parametrize("lock", [EVERYTHING, RUN], ids=lambda lock: lock.name)
def test_each_package_has_one_version_and_hashes(lock):
    assert pins(lock)
    for pin, hashes in pins(lock).items():
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin
        assert hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", hash) for hash in hashes), pin


def test_what_running_needs_is_pinned_as_everywhere_else():
    everything = {str(pin): hashes for pin, hashes in pins(EVERYTHING).items()}
    for pin, hashes in pins(RUN).items():
        assert everything[str(pin)] == hashes


@pytest.mark.parametrize(("group", "lock"), [("run", RUN), ("train", EVERYTHING), ("test", EVERYTHING)])
def test_the_lock_holds_what_the_project_asks_for(group, lock):
    pinned = {(pin.name, str(pin.specifier).removeprefix("==")) for pin in pins(lock)}
    for wanted in (Requirement(text) for text in GROUPS[group] if isinstance(text, str)):
        name = canonicalize_name(wanted.name)
        assert any(name == pin and version in wanted.specifier for pin, version in pinned), wanted


def test_each_npm_package_is_pinned_with_a_hash_and_runs_nothing_when_installed():
    assert all(package["integrity"].startswith("sha512-") for package in npm_packages().values())
    assert "ignore-scripts=true" in (ROOT / ".npmrc").read_text().splitlines()
