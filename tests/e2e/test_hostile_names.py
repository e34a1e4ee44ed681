"""Names that would be programs if they were not shown as text: on the page, in the report, in CSV."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from server.comparison.exports import FORMULA
from tests.archives import zipped
from tests.e2e.conftest import watch_errors
from tests.photoshop import layer, written_by_ag_psd
from tests.pictures import encode, seven

PNG = encode(seven())
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "</script><script>alert(1)</script>",
    "<!--",
    "{{ 7 * 7 }}",
    "${alert(1)}",
    "&lt;b&gt;",
    "=HYPERLINK(alert(1))",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
]


@pytest.fixture
def uploads(tmp_path: Path) -> list[Path]:
    """A ZIP whose files have hostile names, some of them broken so that they are skipped, and a file of such layers."""
    readable = {f"{name}/3.png": PNG for name in HOSTILE}
    broken = {f"{name}/broken.png": PNG[:60] for name in HOSTILE}
    (tmp_path / "names.zip").write_bytes(zipped(readable | broken))
    (tmp_path / "layers.psd").write_bytes(written_by_ag_psd(*map(layer, HOSTILE)))
    return [tmp_path / "names.zip", tmp_path / "layers.psd"]


def names_shown(page: Page) -> str:
    """All text of the cards and of the list of what was skipped."""
    return "\n".join(page.locator(".card-name").all_text_contents()) + page.locator("#skipped-list").inner_text()


def test_hostile_names_are_text_everywhere(browser: Browser, live_server: str, uploads, tmp_path):
    context = browser.new_context(locale="en", accept_downloads=True)
    page = context.new_page()
    complaints: list[str] = []  # a refusal by the policy is an error on the console
    watch_errors(page, complaints)

    def dismiss(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    context.on("dialog", dismiss)
    page.goto(f"{live_server}/compare")
    page.locator("#files").set_input_files(uploads)
    expect(page.locator("#status")).to_have_text("All files are read.", timeout=60_000)
    expect(page.locator(".card")).to_have_count(2 * len(HOSTILE))
    for name in HOSTILE:
        assert f"names.zip/{name}/3.png" in names_shown(page)
        assert f"names.zip/{name}/broken.png" in names_shown(page)
        assert f"layers.psd › {name}" in names_shown(page)

    with page.expect_download() as download:
        page.locator("[data-format=html]").click()
    download.value.save_as(tmp_path / "report.html")
    report = context.new_page()
    watch_errors(report, complaints)
    report.goto((tmp_path / "report.html").as_uri())
    expect(report.locator(".card")).to_have_count(2 * len(HOSTILE))
    assert names_shown(report) == names_shown(page)

    with page.expect_download() as download:
        page.locator("[data-format=csv]").click()
    download.value.save_as(tmp_path / "report.csv")
    table = list(csv.DictReader(io.StringIO((tmp_path / "report.csv").read_text("utf-8-sig"))))
    assert {f"'{name}" if name.startswith(FORMULA) else name for name in HOSTILE} <= {row["layer"] for row in table}

    context.close()
    assert complaints == []
