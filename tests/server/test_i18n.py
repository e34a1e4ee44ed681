import errno
import os
import shutil

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from server import create_app, i18n
from server.settings import ROOT


@pytest.fixture(scope="module")
def texts() -> set[str]:
    """Every text of the server and the templates that asks for a translation."""
    with (ROOT / "server/babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = parse_keywords(["_", "_l", "gettext", "ngettext:1,2"])
    messages = set()
    for folder in ("server", "templates"):
        found = extract_from_dir(ROOT / folder, methods, options, keywords)
        messages |= {message for _, _, message, _, _ in found}
    return messages


@pytest.fixture(scope="module")
def russian() -> Catalog:
    with (i18n.TRANSLATIONS / "ru/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="ru")


def test_every_text_has_a_russian_translation(texts, russian):
    assert len(texts) > 20
    assert [text for text in sorted(texts, key=str) if not (russian.get(text) and russian[text].string)] == []


def test_the_catalog_holds_no_text_that_is_gone(texts, russian):
    assert [message.id for message in russian if message.id and message.id not in texts] == []


def test_no_translation_is_fuzzy_or_breaks_its_placeholders(russian):
    assert [message.id for message in russian if message.id and message.fuzzy] == []
    assert [(message.id, errors) for message, errors in russian.check()] == []


def test_catalogs_are_compiled_when_missing_or_older(tmp_path, monkeypatch):
    shutil.copytree(i18n.TRANSLATIONS, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.mo"))
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)
    source = tmp_path / "ru/LC_MESSAGES/messages.po"
    compiled = source.with_suffix(".mo")

    i18n.compile_catalogs()
    with compiled.open("rb") as file:
        assert read_mo(file).get("The file is empty. Choose a file that holds a picture.")
    compiled.write_bytes(b"")
    os.utime(compiled, (0, 0))
    i18n.compile_catalogs()
    assert compiled.stat().st_size > 0
    assert [path.name for path in sorted(source.parent.iterdir())] == ["messages.mo", "messages.po"]


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EROFS, errno.EACCES], ids=errno.errorcode.get)
def test_where_catalogs_cannot_be_written_the_server_starts_and_says_so(tmp_path, monkeypatch, caplog, fault):
    shutil.copytree(i18n.TRANSLATIONS, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.mo"))
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)

    def fail(*_: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(i18n, "write_mo", fail)
    client = create_app().test_client()
    assert client.get("/", headers={"Accept-Language": "ru"}).status_code == 200
    assert os.strerror(fault) in caplog.text
    assert "make build" in caplog.text
    assert [path.name for path in (tmp_path / "ru/LC_MESSAGES").iterdir()] == ["messages.po"]


@pytest.mark.parametrize(("language", "nothing"), [("en", "0.0%"), ("ru", "0,0\xa0%")])
def test_the_page_comes_with_bars_that_say_what_its_script_would_say_of_nothing(client, language, nothing):
    html = client.get("/", headers={"Accept-Language": language}).text
    assert html.count(f'aria-valuetext="{nothing}"') == html.count(f'<span class="apart">{nothing}</span>') == 10
