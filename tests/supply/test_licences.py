"""Everything that goes out with Digit Lab may go out, and docs/licences.md names it."""

import sys

import pytest

from tests.supply import licences
from tests.supply.licences import FILE_COPYLEFT, PERMISSIVE, TOOLS_ONLY, is_compatible
from tests.supply.locks import EVERYTHING, RUN, installed_here


def test_what_is_handed_on_has_a_permissive_licence():
    handed_on = licences.of_python(installed_here(RUN)) | licences.of_npm(dev=False)
    # tqdm, which psd-tools needs, has one file under the MPL; it is handed on unchanged.
    assert {name for name, licence in handed_on.items() if not is_compatible(licence)} == {"tqdm"}


def test_what_only_builds_and_checks_is_free_software():
    tools = licences.of_python(installed_here(EVERYTHING)) | licences.of_npm(dev=True)
    bad = {name: licence for name, licence in tools.items() if not is_compatible(licence, PERMISSIVE + FILE_COPYLEFT)}
    assert bad == TOOLS_ONLY


@pytest.mark.parametrize(
    ("licence", "compatible"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0", True),
        ("MIT AND GPL-3.0", False),
        ("Apache Software License; BSD License", True),
        ("UNKNOWN", False),
    ],
)
def test_a_licence_is_judged_by_each_of_its_parts(licence, compatible):
    assert is_compatible(licence) == compatible


@pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info[:2] != (3, 11), reason="elsewhere the locks bring other packages"
)
def test_the_page_of_licences_is_what_the_locks_make_of_it():
    assert licences.PAGE.read_text() == licences.page(), "run `make licences`"
