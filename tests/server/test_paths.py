"""No name of a file, a layer or a ZIP's entry becomes a path: nothing is opened, made or started by such a name."""

import json
import subprocess
import sys

import pytest

from server.settings import ROOT
from tests.watched import MARK, NAMES

LEAD_OUT = 7
"""So many of the names are refused in a ZIP, because they lead out of it."""


def test_no_hostile_name_is_ever_given_to_the_system(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "tests.watched", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    uploaded, compared, files, events = json.loads(result.stdout.splitlines()[-1])
    assert events == []
    assert uploaded == [3 * len(NAMES) - LEAD_OUT, LEAD_OUT]
    assert compared == [2 * len(NAMES) - LEAD_OUT, LEAD_OUT]
    assert files == ["out.csv", "out.html", "out.json", "out.npz", "source"]


@pytest.mark.parametrize("deed", ["open({!r})", "os.mkdir({!r})", "os.stat and os.listdir({!r})", "os.remove({!r})"])
def test_the_watch_sees_what_it_is_there_for(deed):
    code = f"""
import os
from tests.watched import watch
events = []
watch(events.append)
try:
    {deed.format("/nowhere/" + MARK)}
except OSError:
    print(events)
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() not in ("", "[]")
