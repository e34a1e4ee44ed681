"""The Compare page in a real browser: files in, stopped, labelled by keyboard, sorted, opened, and taken home."""

import base64
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect

from server.settings import ROOT
from tests.archives import zipped
from tests.e2e.axe import violations
from tests.e2e.conftest import DESKTOP, PHONE, send_as_a_form, watch_errors
from tests.photoshop import layer, written_by_ag_psd
from tests.pictures import encode, seven
from tests.server.test_compare import upload

PNG = encode(seven())

OpenCompare = Callable[..., Page]


@pytest.fixture
def open_compare(browser: Browser, live_server: str) -> Iterator[OpenCompare]:
    """Open the Compare page, watched for errors and foreign hosts: `open_compare(locale="ru")`.

    `errors_allowed=True` is for tests that break something on purpose.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_(*, errors_allowed: bool = False, **options: Any) -> Page:
        context = browser.new_context(**{"locale": "en", **options})
        contexts.append(context)
        page = context.new_page()
        if not errors_allowed:
            watch_errors(page, errors)
        context.on("request", lambda request: errors.append(request.url) if is_foreign(request.url) else None)
        page.goto(f"{live_server}/compare")
        return page

    def is_foreign(url: str) -> bool:
        return not url.startswith((live_server, "data:", "blob:"))

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(open_compare) -> Page:
    return open_compare()


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


DONE = re.compile(r"^(All files are read\.|Done\. Not read: \d+, for the reasons below\.)$")


def choose(page: Page, folder: Path) -> None:
    page.locator("#folder").set_input_files(folder)
    expect(page.locator("#status")).to_have_text(DONE)


def drop(page: Page, *paths: Path) -> None:
    """Drop files and folders of this machine, as a person does with the mouse, beside the area for it."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 20, "y": 600, "data": data})


def test_a_folder_is_read_with_its_labels_and_what_fails_is_named(page, folder):
    choose(page, folder)
    expect(page.locator("#headline")).to_contain_text("Read 2 of 3: 66.7%")
    expect(page.locator(".card")).to_have_count(4)
    expect(page.locator("#skipped-list")).to_contain_text("mine/broken.png The file is damaged")
    expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0


def test_files_are_dropped_and_each_layer_is_a_digit(page, folder):
    drop(page, folder / "c.psd")
    expect(page.locator(".card-name").first).to_have_text("c.psd › семь")
    expect(page.locator(".card")).to_have_count(2)


def test_a_folder_is_dropped_with_all_that_is_in_it(page, folder):
    (folder / "empty").mkdir()
    drop(page, folder, folder / "7/a.png")
    expect(page.locator("#status")).to_have_text(DONE)
    names = set(page.locator(".card-name").all_inner_texts())
    assert {"mine/7/a.png", "mine/3/b.png", "a.png"} < names
    expect(page.locator(".card")).to_have_count(5)


def test_an_empty_folder_leaves_what_was_there(page, folder, tmp_path):
    choose(page, folder)
    (tmp_path / "nothing").mkdir()
    drop(page, tmp_path / "nothing")
    expect(page.locator("#status")).to_have_text("No file was found there.")
    expect(page.locator(".card")).to_have_count(4)


def test_another_way_to_take_layers_reads_the_files_again(page, folder):
    page.locator("#files").set_input_files(folder / "c.psd")
    expect(page.locator(".card")).to_have_count(2)
    page.locator("#layers").select_option("flat")
    expect(page.locator(".card-name")).to_have_text(["c.psd"])


def test_the_sample_set_shows_a_newcomer_the_whole_report(page):
    page.get_by_role("button", name="Try a sample set").click()
    expect(page.locator("#status")).to_have_text(DONE)
    expect(page.locator("#headline")).to_have_text(re.compile(r"Read \d\d of 42: .* On MNIST: 99"))
    expect(page.locator(".card-name").filter(has_text="слои.psd › пять")).to_have_count(1)
    for part in ("#networks", "#ablation", "#confusion", "#recall", "#skipped"):
        expect(page.locator(part)).to_contain_text(re.compile("."))
    page.locator("#filter").select_option("mistakes")
    doubted = page.locator(".card").filter(has_text="wrong_label.png")
    expect(doubted).to_contain_text("The label is probably wrong")
    with page.expect_download() as download:
        page.get_by_role("link", name="The sample set shows how").click()
    assert download.value.suggested_filename == "sample.zip"
    assert download.value.path().read_bytes() == (ROOT / "static/sample.zip").read_bytes()


def test_a_file_that_changes_or_goes_after_it_was_chosen_is_named_and_the_rest_is_read(page, folder, tmp_path):
    (tmp_path / "many.zip").write_bytes(zipped({"7.png": PNG}))
    page.locator("#files").set_input_files([folder / "7/a.png", folder / "3/b.png", tmp_path / "many.zip"])
    expect(page.locator(".card")).to_have_count(3)
    (folder / "3/b.png").write_bytes(PNG + b" ")
    (tmp_path / "many.zip").unlink()
    page.locator("#layers").select_option("flat")
    expect(page.locator("#skipped-list li")).to_have_text(
        [re.compile(rf"^{name} The browser can no longer read this file") for name in ("b.png", "many.zip")],
    )
    expect(page.locator(".card-name")).to_have_text(["a.png"])


def test_what_a_dropped_folder_does_not_give_out_is_named_and_the_rest_is_read(page):
    page.evaluate(
        """(content) => {
            const good = new File([Uint8Array.from(atob(content), (byte) => byte.charCodeAt(0))], '7.png');
            const fileAt = (fullPath, file) => ({ isFile: true, fullPath, file });
            const folderAt = (fullPath, readEntries) => ({ fullPath, createReader: () => ({ readEntries }) });
            const refuse = (_, reject) => reject(new DOMException('', 'NotReadableError'));
            const entries = [
                fileAt('/mine/7.png', (give) => give(good)),
                fileAt('/mine/gone.zip', refuse),
                folderAt('/mine/locked', refuse),
            ];
            const items = [{ webkitGetAsEntry: () => folderAt('/mine', (give) => give(entries.splice(0))) }];
            dispatchEvent(Object.assign(new Event('drop'), { dataTransfer: { types: ['Files'], items } }));
        }""",
        base64.b64encode(PNG).decode(),
    )
    expect(page.locator("#skipped-list li b")).to_have_text(["mine/gone.zip", "mine/locked"])
    expect(page.locator(".card-name")).to_have_text(["mine/7.png"])


def test_where_nothing_can_be_read_it_is_said_and_there_is_nothing_to_take_home(page, folder):
    page.locator("#files").set_input_files(folder / "broken.png")
    expect(page.locator("#status")).to_have_text("Done. Not read: 1, for the reasons below.")
    expect(page.locator("#headline")).to_have_text("No picture could be read.")
    expect(page.locator("#skipped-list")).to_contain_text("broken.png The file is damaged")
    expect(page.locator("#report table")).to_have_count(3)
    for table in page.locator("#report table").all():
        expect(table).to_be_hidden()
    expect(page.locator("#exports")).to_be_hidden()


# Progress, and stopping


def test_progress_counts_the_files_in_a_zip_and_is_not_read_aloud_each_time(page):
    page.evaluate(
        """() => {
            window.counted = [];
            window.said = [];
            const watch = (id, seen) => new MutationObserver(() => seen.push(document.getElementById(id).textContent))
                .observe(document.getElementById(id), { childList: true });
            watch('count', counted);
            watch('status', said);
        }"""
    )
    page.locator("#try").click()
    expect(page.locator("#status")).to_have_text(DONE)
    counted = [text for text in page.evaluate("counted") if text]
    assert counted[0] == "Read 0 of 35 files…"
    assert len(set(counted)) == 35, "every file counts"
    said = ["Looking for files…", "The files are being read.", "Done. Not read: 2, for the reasons below."]
    assert page.evaluate("said") == said
    expect(page.locator("#progress")).to_be_hidden()


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped.")
    expect(page.locator("#files")).to_be_focused()  # not lost with the button
    for part in ("#stop", "#progress", "#count"):
        expect(page.locator(part)).to_be_hidden()


def test_stop_works_before_the_server_answers(page, folder):
    page.route("**/api/compare", lambda route: None)
    page.locator("#folder").set_input_files(folder)
    stop(page)
    expect(page.locator("#status")).to_have_text("Stopped.")
    expect(page.locator("#report")).to_be_hidden()
    page.unroute("**/api/compare")
    choose(page, folder)
    expect(page.locator(".card")).to_have_count(4)


def test_labels_are_typed_while_rows_come_and_stop_ends_the_work_on_the_server(page, folder, tmp_path):
    (tmp_path / "many.zip").write_bytes(zipped({f"{k % 10}/{k}.png": PNG for k in range(3000)}))
    page.locator("#files").set_input_files(tmp_path / "many.zip")
    expect(page.locator("input.label").nth(1)).to_be_visible(timeout=60_000)

    def pictures() -> int:
        return int(page.locator("#gallery-count").inner_text().split(" of ")[1])

    page.locator("input.label").first.focus()
    page.keyboard.type("5")
    before = pictures()
    expect(page.locator("#gallery-count")).not_to_contain_text(f" of {before}")
    expect(page.locator("input.label").nth(1)).to_be_focused()  # typing goes on while rows come
    stop(page)
    assert before < pictures() < 3000
    choose(page, folder)  # the readers are free again
    expect(page.locator(".card")).to_have_count(4)


def test_new_files_take_the_place_of_those_that_are_still_read(page, folder):
    page.route("**/api/compare", lambda route: None, times=1)
    page.locator("#folder").set_input_files(folder)
    page.locator("#files").set_input_files(folder / "7/a.png")
    expect(page.locator("#status")).to_have_text(DONE)
    expect(page.locator(".card-name")).to_have_text(["a.png"])


def test_a_lost_server_is_said(open_compare, folder):
    page = open_compare(errors_allowed=True)  # the browser itself complains
    page.context.set_offline(True)
    page.locator("#folder").set_input_files(folder)
    expect(page.locator("#status")).to_contain_text("The server cannot be reached.")
    expect(page.locator("#stop")).to_be_hidden()


# Labels, matrix, gallery


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


def test_the_keys_go_from_label_to_label_and_the_card_follows(page, folder):
    choose(page, folder)
    inputs, keyboard = page.locator("input.label"), page.keyboard
    card = page.locator(".card").filter(has_text="mine/3/b.png")
    expect(card).to_have_class("card mistake")
    expect(card).to_contain_text("The label is probably wrong")
    card.locator("input").fill("7")
    expect(card).to_have_class("card")
    expect(card.locator(".card-verdict").first).to_contain_text("✓")
    card.locator("input").fill("9")
    expect(card).to_have_class("card mistake")
    expect(card).not_to_contain_text("The label is probably wrong")  # whoever types has seen the picture
    inputs.first.focus()
    for key, focused in (("Enter", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("Delete", 1), ("Backspace", 0)):
        keyboard.press(key)
        expect(inputs.nth(focused)).to_be_focused()


def test_typed_labels_stay_when_the_same_files_are_read_again(page, tmp_path):
    psd = tmp_path / "c.psd"
    psd.write_bytes(written_by_ag_psd(layer("шесть"), layer("one"), layer("one")))
    page.locator("#files").set_input_files(psd)
    labels = page.locator("input.label")
    expect(labels).to_have_count(3)
    labels.last.fill("7")
    page.locator("#layers").select_option("flat")
    expect(labels).to_have_count(1)
    labels.fill("4")
    page.locator("#layers").select_option("each")
    expect(labels).to_have_count(3)
    assert [label.input_value() for label in labels.all()] == ["6", "1", "7"], "of two layers of one name too"
    page.locator("#layers").select_option("flat")
    expect(labels).to_have_count(1)
    expect(labels).to_have_value("4")
    page.locator("#files").set_input_files(psd)  # chosen anew: they may be others by now
    expect(labels).to_have_value("")


def test_a_report_stays_until_the_first_row_of_the_next_comes(page, folder):
    choose(page, folder)
    label = page.locator("input.label").first
    label.fill("5")
    page.route("**/api/compare", lambda route: None)
    page.locator("#layers").select_option("flat")
    expect(page.locator("#status")).to_have_text("The files are being read.")
    stop(page)
    expect(page.locator(".card")).to_have_count(4)
    expect(label).to_have_value("5")


def test_a_report_stays_when_the_language_changes_and_speaks_the_other_one(page, folder):
    choose(page, folder)
    page.locator("#layers").select_option("flat")
    expect(page.locator(".card")).to_have_count(3)
    page.locator("input.label").first.fill("5")
    page.locator("#network").select_option("classic")
    page.locator("#order").select_option("sure")
    page.locator("#filter").select_option("mistakes")
    count = page.locator("#gallery .card").count()
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="RU").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    assert asked == [], "nothing is lost"
    for choice, value in {"network": "classic", "order": "sure", "filter": "mistakes"}.items():
        expect(page.locator(f"#{choice}")).to_have_value(value)
    expect(page.locator(".card")).to_have_count(count)
    page.locator("#filter").select_option("all")
    page.locator("#order").select_option("given")
    expect(page.locator(".card")).to_have_count(3)
    expect(page.locator("input.label").first).to_have_value("5")
    expect(page.locator("#skipped-list")).to_contain_text("broken.png Файл повреждён")
    expect(page.locator("#layers")).to_have_value("flat")
    with page.expect_download() as download:
        page.locator("[data-format=csv]").click()
    assert len(download.value.path().read_text().splitlines()) == 4
    page.locator("#layers").select_option("each")
    expect(page.locator("#status")).to_have_text("Чтобы прочитать их так, выберите файлы ещё раз.")
    page.locator("#layers").select_option("flat")
    page.locator("#folder").set_input_files(folder)
    expect(page.locator("#status")).to_contain_text("Готово.")
    expect(page.locator("input.label").first).to_have_value("5")  # as it was typed before


def test_a_report_that_was_stopped_says_so_on_the_next_page(page, folder):
    choose(page, folder)
    page.route("**/api/compare", lambda route: None)
    page.locator("#layers").select_option("flat")
    expect(page.locator("#stop")).to_be_visible()
    page.reload()
    expect(page.locator("#status")).to_have_text("Stopped. What was read so far stands below.")
    expect(page.locator(".card")).to_have_count(4)
    expect(page.locator("#without-mnist")).to_be_hidden()


def test_a_report_too_large_for_the_tab_s_store_asks_before_it_is_left(page, folder):
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    choose(page, folder)
    page.evaluate("for (let at = 2 ** 24; at >= 1; at /= 2) try { sessionStorage[at] = 'x'.repeat(at) } catch {}")
    page.get_by_role("link", name="RU").click()
    expect(page.locator(".card")).to_have_count(4)
    assert asked == ["beforeunload"]


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_a_report_says_where_a_part_of_it_was_read_without_mnist(page, client: FlaskClient, first, second):
    row = json.loads(upload(client, {"a.png": PNG}, "application/x-ndjson").text.splitlines()[0])
    answers = [[row, {"summary": {"mnist": there}}] for there in (first, second)]
    page.route(
        "**/api/compare",
        lambda route: route.fulfill(body="".join(json.dumps(row) + "\n" for row in answers.pop(0))),
    )
    files = [{"name": f"{k}.png", "mimeType": "image/png", "buffer": PNG} for k in range(41)]  # asked for in two parts
    page.locator("#files").set_input_files(files)
    expect(page.locator("#without-mnist")).to_be_visible()
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.locator("#without-mnist")).to_be_visible()


def test_a_report_of_another_version_of_the_page_does_no_harm(page):
    page.evaluate("sessionStorage['digits:report'] = JSON.stringify({rows: [{picture: {}}]})")
    page.reload()
    expect(page.locator("#report")).to_be_hidden()


def test_whoever_leaves_with_labels_that_were_not_taken_home_is_asked_first(page, folder):
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    choose(page, folder)
    page.locator("input.label").first.fill("5")
    page.get_by_role("link", name="Inside").click()
    expect(page.locator("input.label").first).to_have_value("5")
    assert asked == ["beforeunload"]
    with page.expect_download():
        page.locator("[data-format=csv]").click()
    page.get_by_role("link", name="Inside").click()
    expect(page).to_have_url(re.compile("/inside$"))
    assert asked == ["beforeunload"]


def test_a_page_that_comes_back_as_it_was_shows_what_was_typed_since(page, folder):
    choose(page, folder)
    page.locator("input.label").first.fill("5")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.locator("input.label").first.fill("4")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.locator("input.label").first).to_have_value("5")


def test_a_failed_export_is_told_beside_its_button(open_compare, folder):
    page = open_compare(errors_allowed=True)
    choose(page, folder)
    page.route("**/api/report*", lambda route: route.abort())
    page.locator("[data-format=csv]").click()
    expect(page.locator("#taken")).to_have_text("The server cannot be reached. Check that it runs, and try again.")


def test_a_picture_with_nothing_drawn_has_no_most_probable_digit(page):
    blank = encode(np.full((40, 40), 255, np.uint8))
    page.locator("#files").set_input_files({"name": "7.png", "mimeType": "image/png", "buffer": blank})
    expect(page.locator(".card")).to_contain_text("nothing drawn")
    expect(page.locator(".card .columns, .card details")).to_have_count(0)


def test_a_confusion_cell_opens_the_pictures_behind_it(page, folder):
    choose(page, folder)
    cell = page.get_by_role("button", name="3 read as 7: 1")
    cell.focus()
    page.keyboard.press("Enter")
    expect(cell).to_be_focused()
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".card-name")).to_have_text(["mine/3/b.png"])
    expect(page.locator(".card")).to_contain_text("The label is probably wrong")
    expect(page.locator("#cell")).to_contain_text("3 read as 7: 1")
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_have_count(4)
    page.set_viewport_size(PHONE)
    cell.click()
    expect(page.locator(".card")).to_be_in_viewport()
    page.get_by_role("button", name="Show all again").click()
    expect(page.locator(".card")).to_have_count(4)
    expect(page.locator("#filter")).to_be_focused()
    page.locator("#filter").select_option("unlabelled")
    expect(page.locator(".card")).to_have_count(1)


@pytest.mark.parametrize("network", ["robust", "classic"])
def test_mistakes_and_order_are_those_of_the_chosen_network(page, network, client: FlaskClient):
    page.locator("#try").click()
    expect(page.locator("#status")).to_have_text(DONE)
    page.locator("#network").select_option(network)
    page.locator("#filter").select_option("mistakes")
    page.locator("#order").select_option("unsure")
    report = upload(client, {"sample.zip": (ROOT / "static/sample.zip").read_bytes()}).get_json()
    missed = [row for row in report["pictures"] if row["label"] not in (None, row["models"][network]["digit"])]
    names = [
        " › ".join(filter(None, (row["name"], row["layer"])))
        for row in sorted(missed, key=lambda row: max(row["models"][network]["probabilities"]))
    ]
    assert len(names) > (network == "classic")
    expect(page.locator(".card-name")).to_have_text(names)
    page.locator("#order").select_option("sure")
    expect(page.locator(".card-name")).to_have_text(names[::-1])


def test_a_mistake_tells_why_and_shows_mnists_nearest(page, client: FlaskClient):
    [row, *_] = upload(client, {"3.png": PNG}).get_json()["pictures"]
    sees = row["models"]["robust"]["sees"]
    row |= {
        "translations": {"en": {"reasons": ["Thin strokes."]}},
        "nearest": {"3": [sees], "7": [sees, "javascript:alert(1)"]},
    }
    page.route("**/api/compare", lambda route: route.fulfill(body=json.dumps({"picture": row}) + "\n"))
    page.locator("#files").set_input_files({"name": "3.png", "mimeType": "image/png", "buffer": PNG})
    expect(page.locator(".reasons li")).to_have_text([re.compile("label is probably wrong"), "Thin strokes."])
    expect(page.locator(".nearest")).to_have_text(["MNIST’s 7s most like it:", "MNIST’s 3s most like it:"])
    assert [image.get_attribute("src") for image in page.locator(".nearest img").all()] == [sees, "", sees]
    page.locator("input.label").fill("7")
    expect(page.locator(".nearest, .reasons")).to_have_count(0)


def test_the_ten_probabilities_are_there_in_numbers(page, folder):
    choose(page, folder)
    card = page.locator(".card").first
    card.get_by_text("In numbers").click()
    expect(card.locator(".probabilities tr")).to_have_count(10)
    expect(card.locator(".probabilities tr").nth(7)).to_have_text(re.compile(r"^7\d{2,3}\.\d%$"))


def test_a_thousand_pictures_stay_smooth(page, client: FlaskClient):
    row = json.loads(upload(client, {"a.png": PNG}, "application/x-ndjson").text.splitlines()[0])
    rows = [{"picture": {**row["picture"], "name": f"{k:04}.png", "label": None}} for k in range(1000)]
    body = "\n".join(json.dumps(row) for row in rows) + "\n"
    page.route("**/api/compare", lambda route: route.fulfill(body=body, content_type="application/x-ndjson"))
    page.locator("#files").set_input_files({"name": "a.zip", "mimeType": "application/zip", "buffer": b"PK"})
    expect(page.locator("#gallery-count")).to_have_text("100 of 1000")
    expect(page.locator("#stop")).to_be_hidden()
    page.wait_for_timeout(600)  # what came in last is shown by then
    page.evaluate(
        """() => {
            window.made = 0;
            new MutationObserver((changes) => {
                const added = changes.flatMap(({ addedNodes }) => [...addedNodes]);
                made += added.filter((node) => node.matches?.('.card')).length;
            }).observe(document.body, { childList: true, subtree: true });
        }"""
    )
    page.locator("input.label").first.focus()
    page.keyboard.type("7" * 150)
    expect(page.locator("#headline")).to_contain_text("Read 150 of 150")
    expect(page.locator("input.label").nth(150)).to_be_focused()
    expect(page.locator(".card")).to_have_count(200)
    assert page.evaluate("made") == 100, "cards that typing makes: those that come into sight, none of them anew"


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
    context = browser.new_context(locale="en")
    taken = context.new_page()
    errors: list[str] = []
    watch_errors(taken, errors)
    taken.goto(found["html"].as_uri())
    expect(taken.locator("#headline")).to_have_text(page.locator("#headline").inner_text())
    expect(taken.locator(".card")).to_have_count(4)
    context.close()
    assert errors == []


def test_the_page_the_api_and_the_file_tell_the_same_figures(page, folder, client: FlaskClient):
    choose(page, folder)
    files = {f"mine/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    accuracy = upload(client, files).get_json()["summary"]["models"]["robust"]["accuracy"]
    expect(page.locator("#networks td").first).to_have_text(f"{100 * accuracy['share']:.1f}%")
    expect(page.locator("#networks")).to_contain_text(f"{100 * accuracy['low']:.1f}% to {100 * accuracy['high']:.1f}%")


# People, screens and languages


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(open_compare, locale, viewport):
    page = open_compare(locale=locale, viewport=viewport)
    assert violations(page) == [], "empty"
    page.locator("#try").click()
    expect(page.locator("#stop")).to_be_hidden()
    page.locator(".cell.wrong:visible").first.click()
    page.locator(".card summary").first.click()
    assert violations(page) == [], "with a report"


def test_the_page_speaks_russian(open_compare, folder):
    page = open_compare(locale="ru")
    expect(page.locator("h1")).to_have_text("Ваши цифры и MNIST")
    page.locator("#folder").set_input_files(folder)
    expect(page.locator("#status")).to_have_text("Готово. Не прочитано: 1; причины указаны ниже.")
    expect(page.locator("#headline")).to_contain_text("Прочитано 2 из 3: 66,7 %")
    page.locator("#filter").select_option("mistakes")
    expect(page.locator(".card")).to_contain_text("Надёжная: 7")


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_nothing_is_cut_on_a_phone_however_long_the_names_are(open_compare, locale, tmp_path):
    page = open_compare(locale=locale, viewport=PHONE)
    long = tmp_path / f"7{'w' * 200}.png"
    long.write_bytes(PNG)
    broken = tmp_path / f"{'b' * 200}.png"
    broken.write_bytes(b"x")
    page.locator("#files").set_input_files([long, broken])
    expect(page.locator("#stop")).to_be_hidden()
    too_wide = page.evaluate(
        """() => [...document.querySelectorAll('main *:not(.spoken-only)')]
            .filter((node) => node.getBoundingClientRect().right > innerWidth).map(({ outerHTML }) => outerHTML)"""
    )
    assert too_wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    height = page.locator(".card-name").evaluate("(name) => name.offsetHeight")
    assert height < 50, "two lines"
    assert page.locator(".card-name").get_attribute("title") == long.name


def test_who_asks_the_server_for_a_page_gets_the_report(page, folder):
    send_as_a_form(page, folder / "7/a.png")
    expect(page.locator(".card-name")).to_have_text("a.png")
    assert page.url.endswith("/api/compare")


def test_without_javascript_the_page_says_what_it_needs(browser, live_server):
    context = browser.new_context(locale="en", java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{live_server}/compare")
    notice = plain.locator("noscript p")
    expect(notice).to_be_visible()
    expect(notice).to_have_text("The report is shown by JavaScript: switch it on.")
    expect(plain.get_by_text("Choose files")).to_be_hidden()
    context.close()


def test_a_picture_of_the_gallery_is_no_file_to_be_dropped(page, folder):
    choose(page, folder)
    label = page.locator("input.label").last
    label.fill("5")
    page.locator(".card-original").first.drag_to(page.locator("h1"))
    expect(page.locator("#status")).to_have_text(DONE)
    expect(label).to_have_value("5")


def test_a_label_typed_while_a_report_is_made_is_not_in_it_and_so_not_saved(page, folder):
    choose(page, folder)
    held = []
    page.route("**/api/report?format=csv", lambda route: held.append(route))
    page.locator("[data-format=csv]").click()
    page.wait_for_function("() => document.activeElement.dataset.format === 'csv'")
    page.locator("input.label").last.fill("5")
    with page.expect_download():
        held[0].continue_()
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Draw").click()
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
