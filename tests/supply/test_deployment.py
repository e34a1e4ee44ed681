"""The container and the systemd service, as far as a machine without either can tell."""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.request import Request

import pytest

from server.settings import ROOT
from tests.bad_inputs import FORM, form
from tests.live import LiveServer
from tests.pictures import encode, seven

DOCKERFILE = (ROOT / "Dockerfile").read_text()
_, BUILD, FINAL = DOCKERFILE.split("\nFROM ")
UNIT = ROOT / "docs/digit-lab.service"
WORST_EXPOSURE = 2.0
"""Of 10; systemd calls up to 4 "OK"."""


@pytest.mark.skipif(
    not shutil.which("hadolint", path=Path(sys.executable).parent), reason="no hadolint for this system"
)
def test_the_linter_has_nothing_to_say_of_the_dockerfile():
    result = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "--failure-threshold", "style", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


def test_the_image_is_made_and_started_by_the_steps_of_make_run():
    """`make build` is what `make run` does before it serves."""
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^build: \$\(PAGE\)", makefile, re.MULTILINE)
    assert re.search(r"^run: \$\(PAGE\) .*\n\t@exec \$\(BIN\)/python -m server$", makefile, re.MULTILINE)
    assert "RUN make build" in BUILD
    assert FINAL.rstrip().endswith('CMD [".venv/bin/python", "-m", "server"]')


def test_the_image_runs_as_nobody_in_particular_and_tells_its_health():
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", FINAL, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\\\n +CMD \[\"\.venv/bin/python\"", FINAL, re.MULTILINE)
    assert "RUN" not in FINAL


def test_the_image_is_built_from_nothing_but_what_is_named():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    named = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in named)
    tracked = subprocess.run(["git", "ls-files", *named], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {path.split("/")[0] for path in tracked.stdout.splitlines()} == named


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The files that the image holds, less the packages, which are those of the tests."""
    for name in re.findall(r"^COPY --from=build /app/(\S+) ", FINAL, re.MULTILINE):
        if name != ".venv":
            shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Time of change and size of each file, less the bytecode that Python keeps where it may."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


def test_what_the_image_holds_is_all_that_the_server_needs_and_it_writes_nothing_there(image):
    code = "import server; server.create_app()"
    subprocess.run([sys.executable, "-c", code], cwd=image, check=True, capture_output=True)  # as `make build` ends
    before = snapshot(image)
    server = LiveServer(root=image)
    for path in ("/", "/compare", "/healthz"):
        with urllib.request.urlopen(server.url + path) as response:
            assert response.status == 200
    large = form(encode(seven(2000, 3000), "BMP"), field="files")
    with urllib.request.urlopen(Request(f"{server.url}/api/compare", large, {"Content-Type": FORM})) as response:
        assert len(json.load(response)["pictures"]) == 1
    assert server.stop()[0] == 0
    assert snapshot(image) == before


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_service_is_valid_and_shut_in(tmp_path):
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/digit-lab", str(ROOT)))
    subprocess.run(["systemd-analyze", "verify", here], check=True, capture_output=True)
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={10 * WORST_EXPOSURE:.0f}", here]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout.splitlines()[-1]
