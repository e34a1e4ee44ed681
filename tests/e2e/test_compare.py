"""The Compare page in a real browser: files in, labels by keyboard, a cell opened, every format taken home."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from server.settings import ROOT
from tests.e2e.conftest import watch_errors
from tests.photoshop import layer, written_by_ag_psd
from tests.pictures import encode, seven
from tests.server.test_compare import upload

PNG = encode(seven())


@pytest.fixture
def page(browser: Browser, live_server: str) -> Iterator[Page]:
    """The Compare page, watched for errors and foreign hosts."""
    context = browser.new_context(locale="en", accept_downloads=True)
    page = context.new_page()
    errors: list[str] = []
    watch_errors(page, errors)
    context.on("request", lambda request: errors.append(request.url) if "127.0.0.1" not in request.url else None)
    page.goto(f"{live_server}/compare")
    yield page
    context.close()
    assert [error for error in errors if not error.startswith("blob:")] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "mine"
    files = {
        "7/a.png": PNG,
        "3/b.png": PNG,
        "c.psd": written_by_ag_psd(layer("семь"), layer("<img src=x onerror=alert(1)>")),
        "broken.png": PNG[:60],
    }
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def choose(page: Page, folder: Path) -> None:
    page.locator("#folder").set_input_files(folder)
    expect(page.locator("#status")).to_have_text("All files are read.", timeout=60_000)


def test_a_folder_is_read_with_its_labels_and_what_fails_is_named(page, folder):
    choose(page, folder)
    expect(page.locator("#headline")).to_contain_text("Read 2 of 3: 66.7%")
    expect(page.locator(".card")).to_have_count(4)
    expect(page.locator("#skipped-list")).to_contain_text("mine/broken.png The file is damaged")
    expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0


def test_files_are_dropped_and_each_layer_is_a_digit(page, folder):
    content = list((folder / "c.psd").read_bytes())
    transfer = page.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], 'c.psd'));
            return transfer;
        }""",
        content,
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    expect(page.locator(".card-name").first).to_have_text("c.psd › семь", timeout=60_000)
    expect(page.locator(".card")).to_have_count(2)


def test_labels_are_typed_one_after_the_other_and_every_figure_follows(page, folder):
    choose(page, folder)
    inputs = page.locator("input.label")
    inputs.first.focus()
    page.keyboard.type("7777")
    assert [inputs.nth(k).input_value() for k in range(4)] == ["7"] * 4
    expect(page.locator("#headline")).to_contain_text("Read 4 of 4: 100.0%")
    inputs.last.fill("x")
    assert inputs.last.input_value() == "7"
    inputs.last.fill("")
    expect(page.locator("#headline")).to_contain_text("Read 3 of 3")


def test_a_confusion_cell_opens_the_pictures_behind_it(page, folder):
    choose(page, folder)
    page.get_by_role("button", name="1 pictures of 3 read as 7").click()
    expect(page.locator(".card-name")).to_have_text(["mine/3/b.png"])
    expect(page.locator(".card")).to_contain_text("The label is probably wrong")
    page.get_by_role("button", name="1 pictures of 3 read as 7").click()
    expect(page.locator(".card")).to_have_count(4)
    page.locator("#filter").select_option("unlabelled")
    expect(page.locator(".card")).to_have_count(1)


def test_each_format_is_taken_home_and_reads_back(page, folder, browser, tmp_path, app):
    choose(page, folder)
    page.locator("input.label").nth(0).fill("7")
    found = {}
    for format in ("json", "csv", "npz", "html"):
        with page.expect_download() as download:
            page.locator(f"[data-format={format}]").click()
        found[format] = tmp_path / f"digits.{format}"
        download.value.save_as(found[format])
    report = json.loads(found["json"].read_text())
    assert len(report["pictures"]) == 4
    assert len(list(csv.reader(io.StringIO(found["csv"].read_text("utf-8-sig"))))) == 5
    with np.load(found["npz"], allow_pickle=False) as arrays:
        assert sum(len(arrays[name]) for name in ("y_train", "y_test")) == 3
    taken = browser.new_context(locale="en").new_page()
    errors: list[str] = []
    watch_errors(taken, errors)
    taken.goto(found["html"].as_uri())
    expect(taken.locator("#headline")).to_have_text(page.locator("#headline").inner_text())
    expect(taken.locator(".card")).to_have_count(4)
    assert errors == []


def test_the_page_the_api_and_the_file_tell_the_same_figures(page, folder, client: FlaskClient):
    choose(page, folder)
    files = {f"mine/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    accuracy = upload(client, files).get_json()["summary"]["models"]["robust"]["accuracy"]
    row = page.locator("#networks tr").first
    expect(row).to_contain_text(f"{100 * accuracy['share']:.1f}%")
    expect(row).to_contain_text(f"{100 * accuracy['low']:.1f}% to {100 * accuracy['high']:.1f}%")


def test_the_page_speaks_russian_and_is_accessible(page, folder, live_server):
    page.goto(f"{live_server}/compare?lang=ru")
    expect(page.locator("h1")).to_have_text("Ваши цифры и MNIST")
    page.locator("#folder").set_input_files(folder)
    expect(page.locator("#status")).to_have_text("Все файлы прочитаны.", timeout=60_000)
    expect(page.locator("#headline")).to_contain_text("Прочитано 2 из 3: 66,7 %")
    source = (ROOT / "node_modules/axe-core/axe.min.js").read_text()
    page.evaluate(source)
    violations = page.evaluate(
        "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))"
    )
    assert violations == []


def test_a_plain_form_gets_the_report_as_a_page(browser, live_server, folder):
    context = browser.new_context(locale="en", java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{live_server}/compare")
    plain.locator("#files").set_input_files(folder / "7/a.png")
    plain.get_by_role("button", name="Compare").click()
    assert plain.url.endswith("/api/compare")
    plain.wait_for_load_state()  # the rows are streamed
    assert '"name": "a.png"' in plain.content()
    context.close()
