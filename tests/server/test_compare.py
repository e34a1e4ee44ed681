"""POST /api/compare, POST /api/report and the command line: the same figures everywhere."""

import base64
import csv
import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
import tracemalloc
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from server.comparison.exports import safe
from server.comparison.mnist import Loading
from server.comparison.rows import PNG_URL, png
from server.settings import ROOT
from server.usage import CHARGE
from tests.archives import zipped
from tests.live import ended, until
from tests.photoshop import layer, written_by_ag_psd
from tests.pictures import encode, seven

PNG = encode(seven())
FILES = {"7/a.png": PNG, "3/b.png": PNG, "семь.png": PNG, "c.png": PNG, "7/bad.png": PNG[:60]}
NDJSON = "application/x-ndjson"


def upload(client, files: dict[str, bytes], accept: str = "application/json", **fields: str):
    data = {"files": [(BytesIO(content), name) for name, content in files.items()], **fields}
    return client.post("/api/compare", data=data, headers={"Accept": accept})


def load_mnist(app):
    app.extensions["mnist"].start()
    app.extensions["mnist"]._thread.join()


def test_the_report_comes_as_json(client):
    report = upload(client, FILES).get_json()
    assert [(row["name"], row["label"], row["label_source"]) for row in report["pictures"]] == [
        ("7/a.png", 7, "folder"),
        ("3/b.png", 3, "folder"),
        ("семь.png", 7, "file"),
        ("c.png", None, None),
    ]
    assert [(row["name"], row["layer"]) for row in report["skipped"]] == [("7/bad.png", None)]
    assert "damaged" in report["skipped"][0]["reason"]
    assert all(row["models"]["robust"]["digit"] == 7 for row in report["pictures"])
    assert [row["suspect"] for row in report["pictures"]] == [False, True, False, False]
    summary = report["summary"]
    assert (summary["pictures"], summary["unlabelled"], summary["skipped"]) == (4, 1, 1)
    assert summary["models"]["robust"]["accuracy"]["share"] == pytest.approx(2 / 3)
    assert summary["models"]["robust"]["confusion"][3][7] == 1


def test_rows_come_one_by_one_while_files_are_read(client):
    lines = upload(client, FILES, NDJSON).text.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [next(iter(row)) for row in rows] == ["picture"] * 4 + ["skipped", "summary"]


def test_a_zip_stands_for_a_folder(app, client):
    load_mnist(app)
    report = upload(client, {"mine.zip": zipped(FILES)}).get_json()
    assert [row["name"] for row in report["pictures"]] == [f"mine.zip/{name}" for name in list(FILES)[:4]]
    plain = upload(client, FILES).get_json()
    assert report["summary"] == plain["summary"]


def test_layers_are_digits_and_named_ones_have_labels(client):
    psd = written_by_ag_psd(layer("семь"), layer("3 copy"), layer("x", hidden=True))
    report = upload(client, {"a.psd": psd}).get_json()
    assert [(row["layer"], row["label"]) for row in report["pictures"]] == [("семь", 7), ("3 copy", 3)]
    assert [row["layer"] for row in report["skipped"]] == ["x"]
    flat = upload(client, {"a.psd": psd}, layers="flat").get_json()
    assert [row["layer"] for row in flat["pictures"]] == [None]


def test_reasons_come_in_the_language_of_the_request(client):
    data = {"files": [(BytesIO(b"x"), "7.png")]}
    report = client.post("/api/compare", data=data, headers={"Accept-Language": "ru"}).get_json()
    [skipped] = report["skipped"]
    assert "Формат" in skipped["reason"]


def test_reasons_come_in_every_language_too(app, client):
    load_mnist(app)
    report = upload(client, {"7.png": PNG, "8.png": b"x"}).get_json()
    for part, field in ((report["pictures"][0], "reasons"), (report["skipped"][0], "reason")):
        english, russian = (part["translations"][code][field] for code in ("en", "ru"))
        assert english == part[field]
        assert re.search("[a-z]{3}", str(english))
        assert re.search("[а-я]{3}", str(russian))


def test_the_sample_set_shows_a_newcomer_every_part_of_the_report(client):
    report = upload(client, {"sample.zip": (ROOT / "static/sample.zip").read_bytes()}).get_json()
    summary = report["summary"]
    assert (summary["pictures"], summary["unlabelled"], summary["skipped"]) == (43, 1, 2)
    sources = {row["label_source"] for row in report["pictures"]}
    assert sources == {"folder", "file", "layer", None}
    assert "sample.zip/folders/8/wrong_label.png" in {row["name"] for row in report["pictures"] if row["suspect"]}
    assert {row["layer"] for row in report["skipped"]} == {"draft"}
    assert summary["models"]["classic"]["accuracy"]["share"] < summary["models"]["robust"]["accuracy"]["share"]


# The report to take home


@pytest.fixture
def rows(client) -> list[dict]:
    return [json.loads(line) for line in upload(client, FILES, NDJSON).text.splitlines()]


def export(client, rows: list[dict], format: str):
    body = "\n".join(json.dumps(row) for row in rows)
    return client.post(f"/api/report?format={format}", data=body, content_type=NDJSON)


def test_labels_that_were_edited_are_in_every_export(client, rows):
    rows[3]["picture"]["label"] = 1
    summary = export(client, rows, "json").get_json()["summary"]
    assert summary["unlabelled"] == 0
    assert summary["models"]["robust"]["confusion"][1][7] == 1
    table = list(csv.DictReader(io.StringIO(export(client, rows, "csv").get_data().decode("utf-8-sig"))))
    assert [row["label"] for row in table] == ["7", "3", "7", "1"]
    assert [row["robust_digit"] for row in table] == ["7"] * 4


def labelled_rows(row: dict, count: int) -> list[dict]:
    """So many rows like this one, each with a picture and a label of its own."""
    rows = [json.loads(json.dumps(row)) for _ in range(count)]
    for k, one in enumerate(rows):
        one["picture"]["label"] = k % 10
        one["picture"]["models"]["robust"]["sees"] = png(np.full((28, 28), k, np.uint8))
    return rows


def parts(client, rows: list[dict]) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Of the npz of rows made by `labelled_rows`: picture and label of those to train on, and of those held back."""
    with np.load(BytesIO(export(client, rows, "npz").data), allow_pickle=False) as arrays:
        for x, y in (("x_train", "y_train"), ("x_test", "y_test")):
            assert arrays[x].dtype == arrays[y].dtype == np.uint8
            assert arrays[x].shape == (*arrays[y].shape, 28, 28)
        training, held_back = (
            {(int(picture[0, 0]), int(label)) for picture, label in zip(arrays[x], arrays[y], strict=True)}
            for x, y in (("x_train", "y_train"), ("x_test", "y_test"))
        )
    return training, held_back


def test_the_npz_is_in_kerass_form_with_a_part_held_back(client, rows):
    labelled = labelled_rows(rows[0], 200)
    labelled[3]["picture"]["models"]["robust"]["digit"] = None  # nothing to learn from
    labelled[4]["picture"]["label"] = None
    training, held_back = parts(client, labelled)
    assert training | held_back == {(k, k % 10) for k in range(200) if k not in (3, 4)}
    assert not training & held_back
    assert 25 <= len(held_back) <= 55


def test_what_was_held_back_once_is_never_trained_on_whatever_is_added(client, rows):
    labelled = labelled_rows(rows[0], 100)
    _, held_back = parts(client, labelled[50:])
    training, still_held_back = parts(client, labelled)
    assert held_back <= still_held_back
    assert not held_back & training


@pytest.mark.parametrize("count", range(5, 12))
def test_of_five_digits_one_is_held_back(client, rows, count):
    training, held_back = parts(client, labelled_rows(rows[0], count))
    assert training
    assert held_back


def test_names_cannot_become_formulas(client, rows):
    for hostile in ("=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"):
        assert safe(hostile) == f"'{hostile}"
        rows[0]["picture"]["name"] = hostile
        text = export(client, rows, "csv").get_data().decode("utf-8-sig")
        assert list(csv.reader(io.StringIO(text, newline="")))[1][0] == f"'{hostile}"
    assert safe("7/a.png") == "7/a.png"
    assert safe(-1) == -1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"7",
        b"[]",
        b"{}",
        b'{"rows": []}',
        b"\xff",
        b'{"picture": {}}',
        b'{"picture": {"label": 12}}',
        b'{"picture": {"label": "7"}}',
        b'{"picture": {"label": 7, "models": {"robust": {"digit": 99}}}}',
        b'{"picture": {"label": 7, "models": {"robust": {"digit": 7, "sees": "javascript:"}}}}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("format", ["json", "csv", "npz"])
def test_rows_that_no_comparison_answered_are_refused(client, body, format):
    response = client.post(f"/api/report?format={format}", data=body)
    assert response.status_code == 400
    assert "rows of a comparison" in response.get_json(force=True)["detail"]


def test_an_image_with_more_in_it_than_a_picture_is_refused(client, rows):
    hidden = PngInfo()
    hidden.add_text("comment", "x" * 1000, zip=True)
    image = encode(Image.new("L", (28, 28)), pnginfo=hidden)
    rows[0]["picture"]["models"]["robust"]["sees"] = PNG_URL + base64.b64encode(image).decode()
    assert export(client, rows, "npz").status_code == 400


def test_rows_take_no_more_memory_than_their_text(client):
    line = b'{"skipped": {"a": [' + b"{}," * 4000 + b"{}]}}\n"
    tracemalloc.start()
    try:
        response = client.post("/api/report?format=json", data=line * 60)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert response.status_code == 200
    assert len(response.get_json(force=True)["skipped"]) == 60
    assert peak < 12 * 60 * len(line)  # as objects they take thirty times as much


def test_a_client_is_charged_for_the_time_of_all_threads_that_work_for_him(client):
    charged = []
    data = {"files": [(BytesIO(PNG), f"{k}.png") for k in range(5)]}
    client.post("/api/compare", data=data, environ_overrides={CHARGE: charged.append}, buffered=True)
    assert len(charged) == 5
    assert min(charged) > 0


# The command line


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "digits"
    for name, data in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def test_the_command_line_gives_the_figures_of_the_api(app, client, folder, tmp_path):
    load_mnist(app)  # else one could have the card's figures, the other those measured
    result = app.test_cli_runner().invoke(args=["compare", str(folder), "--json", str(tmp_path / "r.json")])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "r.json").read_text())
    expected = upload(client, {f"digits/{name}": FILES[name] for name in sorted(FILES)}).get_json()
    by_name = {row["name"]: row for row in expected["pictures"]}
    assert [{**by_name[row["name"]]} for row in report["pictures"]] == report["pictures"]
    assert report["summary"] == expected["summary"]
    assert "robust: read 2 of 3, 66.7 %" in result.output
    assert "digits/7/bad.png" in result.output


@pytest.mark.parametrize(("where", "source"), [("..", "digits"), (".", "."), ("7", ".."), ("7", "../../digits")])
def test_a_folder_may_be_named_from_where_one_is(app, folder, monkeypatch, where, source):
    monkeypatch.chdir(folder / where)
    result = app.test_cli_runner().invoke(args=["compare", source])
    assert result.exit_code == 0, result.output
    assert "digits/7/bad.png" in result.output
    assert "read 2 of 3" in result.output


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_in_another_encoding_is_told_with_a_mark_and_the_file_is_read(app, folder, tmp_path):
    (folder / os.fsdecode("7/\u0446.png".encode("cp1251"))).write_bytes(PNG)
    result = app.test_cli_runner().invoke(args=["compare", str(folder), "--json", str(tmp_path / "r.json")])
    assert result.exit_code == 0, result.output
    names = [picture["name"] for picture in json.loads((tmp_path / "r.json").read_text())["pictures"]]
    assert "digits/7/\N{REPLACEMENT CHARACTER}.png" in names


def test_the_command_line_speaks_russian(app, folder):
    result = app.test_cli_runner().invoke(args=["compare", str(folder), "--lang", "ru"])
    assert "прочитано 2 из 3, 66,7 %" in result.output
    assert "повреждён" in result.output


def test_the_exit_status_tells_scripts_how_it_went(app, folder, tmp_path):
    run = app.test_cli_runner().invoke
    assert run(args=["compare", str(folder), "--at-least", "0.6"]).exit_code == 0
    assert run(args=["compare", str(folder), "--at-least", "0.7"]).exit_code == 3
    (tmp_path / "empty").mkdir()
    assert run(args=["compare", str(tmp_path / "empty")]).exit_code == 1
    assert run(args=["compare", str(tmp_path / "missing")]).exit_code == 2


@pytest.fixture
def at_work(folder, tmp_path):
    """The command with thousands of files, in two processes, when reading has begun."""
    (folder / "0.png").write_bytes(b"")  # the first of all, so that its refusal tells that reading has begun
    for k in range(3_000):
        (folder / f"7/{k}.png").write_bytes(PNG)
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "server", "compare", folder, "--csv", tmp_path / "report.csv"],
        cwd=ROOT,
        env={**os.environ, "DIGITS_READERS": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert any(b"0.png" in line for line in process.stderr)
    yield process
    process.kill()


def test_ctrl_c_ends_the_work_and_what_was_read_until_then_is_reported(at_work, tmp_path):
    at_work.send_signal(signal.SIGINT)
    output, _ = at_work.communicate(timeout=60)
    assert at_work.returncode == 130
    pictures = len((tmp_path / "report.csv").read_text("utf-8-sig").splitlines()) - 1
    assert 0 < pictures < 3_000
    assert f"Pictures: {pictures}, without a label: 1, skipped: 1" in output.decode()


def test_where_temporary_files_find_no_room_the_command_line_says_so(app, folder, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("server.commands.TemporaryFile", full)
    result = app.test_cli_runner().invoke(args=["compare", str(folder)])
    assert result.exit_code == 1
    assert "No space left on device" in result.output
    assert "TMPDIR" in result.output


def test_a_reader_of_the_output_who_has_gone_is_no_full_disk(app, folder, monkeypatch):
    def gone(_: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("server.commands._headline", gone)
    result = app.test_cli_runner().invoke(args=["compare", str(folder)])
    assert result.exit_code == 1
    assert "Temporary files" not in result.output


def test_kill_9_leaves_none_of_its_processes(at_work):
    below = psutil.Process(at_work.pid).children(recursive=True)
    assert len(below) >= 2
    at_work.kill()
    until(lambda: all(map(ended, below)))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_where_a_process_of_it_is_killed_the_command_line_says_so(at_work):
    [child, *_] = Path(f"/proc/{at_work.pid}/task/{at_work.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGKILL)
    _, errors = at_work.communicate(timeout=60)
    assert at_work.returncode == 1
    assert b"DIGITS_READERS=1" in errors
    assert b"Traceback" not in errors


def test_a_report_that_cannot_be_written_is_told_of_before_the_work(app, folder, tmp_path):
    result = app.test_cli_runner().invoke(args=["compare", str(folder), "--html", str(tmp_path / "none/report.html")])
    assert result.exit_code == 2
    assert "not a folder" in result.output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_where_a_report_cannot_be_written_after_all_the_headline_is_told_all_the_same(app, folder):
    result = app.test_cli_runner().invoke(args=["compare", str(folder), "--csv", "/dev/full"])
    assert result.exit_code == 1
    assert "robust: read" in result.output
    assert "/dev/full" in result.output
    assert "No space left" in result.output


def test_without_mnist_the_command_line_says_so(app, folder, monkeypatch):
    monkeypatch.setitem(app.extensions, "mnist", Loading(app.extensions["recognizers"], {"MNIST_NPZ": "none"}))
    output = app.test_cli_runner().invoke(args=["compare", str(folder)]).output
    assert "MNIST is missing" in output
    assert "read 2 of 3" in output
    of_card = app.extensions["recognizers"]["robust"].card["accuracy"]["MNIST test"]["accuracy"]
    assert f"MNIST: {of_card:.2%}".replace("%", " %") in output


def test_one_file_or_a_zip_may_be_named_as_well(app, tmp_path):
    (tmp_path / "7.png").write_bytes(PNG)
    (tmp_path / "all.zip").write_bytes(zipped(FILES))
    run = app.test_cli_runner().invoke
    assert "read 1 of 1" in run(args=["compare", str(tmp_path / "7.png")]).output
    assert "read 2 of 3" in run(args=["compare", str(tmp_path / "all.zip")]).output


@pytest.mark.parametrize(("layers", "count"), [("auto", 2), ("flat", 1), ("each", 2), ("groups", 1)])
def test_layers_are_taken_on_the_command_line_as_in_the_page(app, tmp_path, layers, count):
    (tmp_path / "a.psd").write_bytes(written_by_ag_psd(layer("3"), layer("4")))
    result = app.test_cli_runner().invoke(args=["compare", str(tmp_path / "a.psd"), "--layers", layers])
    assert f"Pictures: {count}," in result.output


def test_names_cannot_steer_the_terminal(app, tmp_path):
    (tmp_path / "bad.zip").write_bytes(zipped({"\x1b[2J7.png": b"x"}))
    output = app.test_cli_runner().invoke(args=["compare", str(tmp_path / "bad.zip")]).output
    assert "\x1b" not in output
    assert "\N{REPLACEMENT CHARACTER}[2J7.png" in output
