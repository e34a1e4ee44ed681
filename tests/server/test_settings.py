import re
from dataclasses import Field, fields
from pathlib import Path

import pytest

from server.settings import ROOT, SettingError, Settings


def test_settings_have_defaults_without_an_environment():
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


def test_the_environment_changes_settings():
    settings = Settings.from_environment({"PORT": "9000", "DIGITS_MODELS": "elsewhere", "DIGITS_THREADS": " 2 "})
    assert (settings.port, settings.models, settings.threads) == (9000, Path("elsewhere"), 2)


def test_an_empty_variable_counts_as_not_set():
    assert Settings.from_environment({"PORT": ""}).port == 8000


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"PORT": "http"}, "PORT='http' is not a whole number"),
        ({"PORT": "80.5"}, "PORT='80.5' is not a whole number"),
        ({"PORT": "65536"}, "PORT=65536 is out of range: give a whole number from 0 to 65535"),
        ({"PORT": "-1"}, "PORT=-1 is out of range"),
        ({"DIGITS_THREADS": "0"}, "DIGITS_THREADS=0 is out of range"),
        ({"DIGITS_MAX_PIXELS": "1"}, "DIGITS_MAX_PIXELS=1 is out of range"),
        ({"DIGITS_MAX_PIXLES": "1000"}, "DIGITS_MAX_PIXLES is not a setting. The settings are HOST, PORT"),
    ],
)
def test_a_bad_setting_is_refused_with_a_sentence(environ, sentence):
    with pytest.raises(SettingError, match=sentence):
        Settings.from_environment(environ)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"DIGITS_LOG": "loud"}, "DIGITS_LOG='loud' is not one of info, warning, error"),
        ({"DIGITS_TRUSTED_PROXY": "proxy.school"}, "DIGITS_TRUSTED_PROXY='proxy.school' is not an address"),
        ({"DIGITS_MAX_JSON_DEPTH": "1000000"}, "DIGITS_MAX_JSON_DEPTH=1000000 is out of range"),
    ],
)
def test_words_and_addresses_are_checked_too(environ, sentence):
    with pytest.raises(SettingError, match=re.escape(sentence)):
        Settings.from_environment(environ)


def test_an_address_may_be_written_in_any_form():
    environ = {"DIGITS_TRUSTED_PROXY": "0:0:0:0:0:0:0:1"}
    assert Settings.from_environment(environ).trusted_proxy == "::1"


def test_every_setting_stands_in_the_document_with_its_unit_default_and_range():
    document = (ROOT / "docs/reliability.md").read_text()
    missing = [row for row in map(document_row, fields(Settings)) if row not in document]
    assert missing == []


def document_row(item: Field) -> str:
    """The row of a setting in the document's table."""
    default = {"readers": "one a core", "processes": "one a core, at most 4"}.get(item.name, item.default)
    if isinstance(default, Path):
        default = default.relative_to(ROOT)
    default = f"{default:,}" if isinstance(default, int) and item.name != "port" else default or "none"
    low, high = item.metadata["low"], item.metadata["high"]
    allowed = f"{low:,} to {high:,}" if low is not None else ", ".join(item.metadata["choices"])
    return f"| `{item.metadata['env']}` | {item.metadata['meaning']} | {default} | {allowed} |"
