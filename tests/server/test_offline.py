"""The web manifest and the service worker, as the server makes them."""

import io
import json
import re

import pytest
from PIL import Image

from server import create_app
from server.i18n import LANGUAGES
from server.settings import Settings


def release_of(client) -> dict:
    """The release that the service worker is told."""
    response = client.get("/service-worker.js")
    assert (response.status_code, response.mimetype) == (200, "text/javascript")
    assert response.headers["Cache-Control"] == "no-cache"
    [release] = re.findall(r"^const RELEASE = (\{.*\});$", response.text, re.MULTILINE)
    return json.loads(release)


def test_everything_that_the_kept_pages_name_is_kept_or_the_systems_own(client):
    release = release_of(client)
    for page in release["pages"]:
        named = set(re.findall(r'"(/static/dist/[^"]+)"', client.get(page).text))
        assert {file for file in named if "/icon-" not in file} <= set(release["files"]), page


def test_every_kept_page_and_file_is_there_and_pages_name_their_release(client):
    release = release_of(client)
    assert release["languages"] == list(LANGUAGES)
    assert {"/", "/inside"} < set(release["pages"])
    for page in release["pages"]:
        response = client.get(page)
        assert (response.status_code, response.headers["Release"]) == (200, release["version"])
    for file in release["files"]:
        assert client.get(file).status_code == 200, file


def test_another_build_is_another_release(client, tmp_path):
    version = release_of(client)["version"]
    assert release_of(client)["version"] == version
    own = Settings.from_environment()
    manifest = json.loads((own.dist / "manifest.json").read_text())
    (tmp_path / manifest["service-worker.js"]).write_text("")
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "draw.js": "draw-OTHER.js"}))
    other = create_app(Settings(models=own.models, dist=tmp_path)).test_client()
    assert release_of(other)["version"] != version


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manifest_says_all_that_a_browser_needs_to_install(client, language):
    page = client.get("/", headers={"Accept-Language": language}).text
    [address] = re.findall(r'<link rel="manifest" href="([^"]+)">', page)
    response = client.get(address, headers={"Accept-Language": "en"})
    assert response.mimetype == "application/manifest+json"
    manifest = json.loads(response.data)
    assert (manifest["id"], manifest["start_url"], manifest["scope"]) == ("/", "/", "/")
    assert manifest["display"] == "standalone"
    assert manifest["lang"] == language
    assert f'content="{manifest["description"]}"' in page
    for icon in manifest["icons"]:
        content = client.get(icon["src"]).data
        if icon["type"] == "image/png":
            side = Image.open(io.BytesIO(content), formats=["PNG"]).size
            assert icon["sizes"] == "{}x{}".format(*side)
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}


def test_a_manifest_in_another_language_is_not_there(client):
    assert client.get("/de.webmanifest").status_code == 404
