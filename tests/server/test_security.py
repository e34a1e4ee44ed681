import pytest

from tests.bad_inputs import JSON, pixels
from tests.server.test_api import assert_is_problem

EXPECTED_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
EVERYWHERE = ["/", "/compare", "/healthz", "/nothing", "/api/predict", "/static/dist/manifest.json"]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_binds_the_browser(client, path):
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(headers["Permissions-Policy"].split(", "))
    assert headers["Content-Security-Policy"] == EXPECTED_POLICY


@pytest.mark.parametrize("path", EVERYWHERE)
def test_only_tls_is_promised_for_good(client, path):
    assert "Strict-Transport-Security" not in client.get(path).headers
    assert (
        client.get(path, base_url="https://digits.school").headers["Strict-Transport-Security"].startswith("max-age=")
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a script
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://digits.school"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://digits.school"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://digits.school:444"}, 200),
        ({"Origin": "http://digits.school"}, 200),
        ({"Origin": "https://digits.school"}, 200),  # TLS ends at a proxy
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://digits.school.evil.example"}, 403),
        ({"Origin": "http://digits.school:8080"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://[", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://["}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/api/predict", "/api/compare", "/api/report"])
def test_what_other_sites_make_a_browser_send_is_refused(client, headers, status, path):
    response = client.post(path, base_url="http://digits.school", data=pixels(), content_type=JSON, headers=headers)
    if status == 403:
        assert "Open Digit Lab itself" in assert_is_problem(response, 403)
    else:
        assert response.status_code != 403


def test_reading_a_page_from_a_link_of_another_site_is_no_offence(client):
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("hostile", ["%0d%0aSet-Cookie:%20a=b", "%0aX-Evil:%201", "%E5%98%8D%E5%98%8ASet-Cookie:a=b"])
@pytest.mark.parametrize("path", ["/?lang=ru&x={}", "/?{}=1&lang=ru", "/{}", "/api/report?format={}", "/?lang={}"])
def test_no_address_can_add_a_header(client, path, hostile):
    ask = client.post if path.startswith("/api/") else client.get
    response = ask(path.format(hostile))
    assert "X-Evil" not in response.headers
    assert response.headers.get("Set-Cookie", "lang=").startswith("lang=")
    assert not any("\r" in value or "\n" in value for value in response.headers.values())
