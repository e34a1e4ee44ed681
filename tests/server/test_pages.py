import re

import pytest

from server import create_app
from server.assets import AssetsError
from server.i18n import LANGUAGES
from server.settings import Settings


def built_files(html: str) -> list[str]:
    """Addresses of built files that a page names."""
    return re.findall(r'"(/static/dist/[^"]+)"', html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_comes_in_each_language(client, language):
    response = client.get("/", headers={"Accept-Language": language})
    assert response.status_code == 200
    assert f'<html lang="{language}"' in response.text
    assert response.headers["Content-Language"] == language
    assert {"Accept-Language", "Cookie"} <= set(response.headers["Vary"].split(", "))


@pytest.mark.parametrize("address", ["/", "/inside"])
def test_one_page_after_the_other_speaks_its_own_language(client, address):
    english, russian = (client.get(address, headers={"Accept-Language": language}).text for language in ("en", "ru"))
    assert "Nothing drawn yet" in english
    assert "Nothing drawn yet" not in russian, "a text that was kept from the English page"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "en"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("de,ru;q=0.5", "ru"),
        ("en,ru", "en"),
        (";;,", "en"),
    ],
)
def test_the_browser_decides_the_language(client, accepted, language):
    assert f'<html lang="{language}"' in client.get("/", headers={"Accept-Language": accepted}).text


def test_a_chosen_language_is_remembered_and_leaves_the_address(client):
    response = client.get("/?lang=ru&engine=cpu")
    assert response.status_code == 302
    assert response.headers["Location"] == "/?engine=cpu"
    assert "Max-Age=31536000" in response.headers["Set-Cookie"]
    assert "SameSite=Lax" in response.headers["Set-Cookie"]
    assert '<html lang="ru"' in client.get("/", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize(
    "query", ["endpoint=x", "_external=1", "_anchor=x", "_scheme=javascript", "a=1&a=2", "%ff=%00"]
)
def test_no_parameter_of_an_address_disturbs_the_page(client, query):
    assert client.get(f"/?{query}").status_code == 200
    location = client.get(f"/?lang=ru&{query}").headers["Location"]
    assert location.startswith("/?")
    assert location.count("=") == query.count("=")


@pytest.mark.parametrize("address", ["/?lang=xx", "/?lang="])
def test_an_unknown_language_is_dropped(client, address):
    response = client.get(address)
    assert response.headers["Location"] == "/"
    assert "Set-Cookie" not in response.headers


def test_a_damaged_cookie_is_ignored(client):
    client.set_cookie("lang", "../../etc")
    assert '<html lang="en"' in client.get("/").text


def test_an_unknown_page_is_a_short_page_in_the_language(client):
    response = client.get("/nothing", headers={"Accept-Language": "ru"})
    assert response.status_code == 404
    assert response.mimetype == "text/html"
    assert "Здесь ничего нет" in response.text
    assert client.post("/").status_code == 405


def test_every_file_that_the_page_names_exists_and_may_be_kept_for_good(client):
    files = built_files(client.get("/").text)
    assert files
    for file in files:
        response = client.get(file)
        assert response.status_code == 200, file
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/static/dist/manifest.json"])
def test_what_has_no_hash_in_its_name_is_asked_for_again(client, path):
    assert client.get(path).headers["Cache-Control"] == "no-cache"


def test_a_built_file_that_is_gone_is_not_kept_for_good(tmp_path):
    (tmp_path / "manifest.json").write_text('{"a.js": "a-1.js"}')
    own = create_app(Settings(models=Settings.from_environment().models, dist=tmp_path)).test_client()
    response = own.get("/static/dist/a-1.js")
    assert (response.status_code, response.headers["Cache-Control"]) == (404, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/static/dist/../build.mjs",
        "/static/dist/%2e%2e/build.mjs",
        "/static/build.mjs",
        "/static/models/robust/card.json",
    ],
)
def test_only_built_files_are_served(client, path):
    assert client.get(path).status_code == 404


def test_module_scripts_and_wasm_have_the_type_that_browsers_insist_on(client, tmp_path):
    (tmp_path / "manifest.json").write_text('{"a.js": "a-1.js", "a.wasm": "a-1.wasm"}')
    for name in ("a-1.js", "a-1.wasm"):
        (tmp_path / name).touch()
    own = create_app(Settings(models=Settings.from_environment().models, dist=tmp_path)).test_client()
    assert own.get("/static/dist/a-1.js").mimetype == "text/javascript"
    assert own.get("/static/dist/a-1.wasm").mimetype == "application/wasm"


@pytest.mark.parametrize("content", [None, "{"])
def test_a_page_that_is_not_built_stops_the_start(tmp_path, content):
    if content:
        (tmp_path / "manifest.json").write_text(content)
    settings = Settings(models=Settings.from_environment().models, dist=tmp_path)
    with pytest.raises(AssetsError, match=r"manifest.json cannot be read: the page is not built.*make build"):
        create_app(settings)


def test_the_page_has_no_inline_script_or_style_that_the_policy_would_stop(client):
    html = client.get("/").text
    assert not re.search(r"<style|\sstyle=|\son\w+=", html)
    for attributes in re.findall(r"<script([^>]*)>", html):
        assert "src=" in attributes or 'type="application/json"' in attributes
