from pathlib import Path

import pytest

from server.settings import SettingError, Settings


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
