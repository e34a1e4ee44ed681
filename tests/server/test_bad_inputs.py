"""The table of tests/bad_inputs.py, row by row: refused in the one shape of errors, and nothing stays."""

import tempfile
from pathlib import Path

import pytest

from server.settings import ROOT
from tests.bad_inputs import BAD_FILES, BAD_INPUTS, FORM, PNG, BadFile, BadInput, form, joined
from tests.server.test_api import assert_is_problem


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the temporary files of this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left_in(folder: Path) -> list[str]:
    """Files in a folder, with those that are deleted but still open where the system tells."""
    links = [link for link in Path("/proc/self/fd").glob("*") if link.is_symlink()]
    opened = [link.readlink() for link in links if link.is_symlink()]
    return [str(path) for path in [*folder.rglob("*"), *opened] if path.is_relative_to(folder)]


@pytest.mark.parametrize("bad", BAD_INPUTS, ids=lambda bad: bad.name)
def test_bad_input_is_refused_with_advice(client, bad: BadInput, temporary):
    response = client.open(
        bad.path, method=bad.method, data=bad.body, content_type=bad.content_type, headers=bad.headers
    )
    assert bad.word in assert_is_problem(response, bad.status)
    response.close()
    assert left_in(temporary) == []
    assert client.post("/api/predict", data=form(PNG), content_type=FORM).json["digit"] == 7


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_a_bad_file_is_told_with_its_reason_and_the_others_are_compared(client, bad: BadFile, temporary):
    body = joined(form(bad.content, "bad", "files"), form(PNG, "7.png", "files"))
    response = client.post("/api/compare", data=body, content_type=FORM)
    [skipped], [picture] = response.json["skipped"], response.json["pictures"]
    assert bad.word in skipped["reason"]
    assert "Traceback" not in skipped["reason"]
    assert str(ROOT) not in skipped["reason"]
    assert picture["models"]["robust"]["digit"] == 7
    response.close()
    assert left_in(temporary) == []


def test_there_are_many_each_with_a_name_of_its_own():
    assert len({bad.name for bad in BAD_INPUTS}) == len(BAD_INPUTS) >= 80
    assert len({bad.name for bad in BAD_FILES}) == len(BAD_FILES)
