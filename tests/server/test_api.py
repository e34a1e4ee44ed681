import base64
import json
import time
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import create_app
from server.settings import Settings
from tests.bad_inputs import BAD_INPUTS, FORM, JSON, BadInput, form, pixels
from tests.pictures import encode, seven

LIMIT_SECONDS = 5
FIELDS = {"type", "title", "status", "detail"}


def as_json(picture: np.ndarray) -> dict:
    """The JSON form of greys [h, w]."""
    height, width = picture.shape
    return {"width": width, "height": height, "pixels": base64.b64encode(picture.tobytes()).decode()}


def assert_is_problem(response, status: int) -> str:
    """Check that an answer has the one shape of errors, and return its detail."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    problem = json.loads(response.text)
    assert set(problem) == FIELDS
    assert problem["status"] == status
    assert all(problem[name] for name in FIELDS)
    assert "Traceback" not in response.text
    assert "/server/" not in response.text
    assert ".py" not in response.text
    return problem["detail"]


def test_health_names_the_models(client, app):
    response = client.get("/healthz")
    models = {name: model.version for name, model in app.extensions["recognizers"].items()}
    assert response.json == {"status": "ok", "models": models}


@pytest.mark.parametrize("name", ["robust", "classic"])
def test_golden_pictures_get_their_golden_probabilities(client, app, name):
    card = app.extensions["recognizers"][name].card
    for golden in card["golden"]:
        picture = {key: golden[key] for key in ("width", "height", "pixels")}
        answer = client.post(f"/api/predict?model={name}", json=picture).json
        assert set(answer) == {"digit", "probabilities", "model"}
        assert answer["model"] == {"name": card["name"], "version": card["version"]}
        np.testing.assert_allclose(
            answer["probabilities"], golden["probabilities"], rtol=0, atol=card["golden_tolerance"]
        )
        assert answer["digit"] == (int(np.argmax(golden["probabilities"])) if golden["ink"] else None)


def test_a_seven_is_read_as_seven_in_either_form(client):
    as_pixels = client.post("/api/predict", json=as_json(seven())).json
    as_file = client.post("/api/predict", data={"picture": (BytesIO(encode(seven())), "7.png")}).json
    assert as_pixels["digit"] == 7
    assert as_file == as_pixels
    assert as_file["model"]["name"] == "robust"


def test_what_the_network_saw_comes_when_asked_for(client, app):
    asked = client.post("/api/predict?normalized=1", json=as_json(seven())).json
    image = np.frombuffer(base64.b64decode(asked["normalized"]), np.uint8).reshape(28, 28)
    expected = app.extensions["recognizers"]["robust"].recognize(seven()).normalized
    np.testing.assert_allclose(image / 255, expected, atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("grey", [0, 255])
def test_a_blank_picture_has_no_digit_but_ten_probabilities(client, grey):
    answer = client.post("/api/predict", json=as_json(np.full((28, 28), grey, np.uint8))).json
    assert answer["digit"] is None
    assert len(answer["probabilities"]) == 10
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-3)


def test_an_unknown_model_is_refused_with_the_names_of_those_there_are(client):
    detail = assert_is_problem(client.post("/api/predict?model=gpt", json=as_json(seven())), 400)
    assert "classic, robust" in detail


@pytest.mark.parametrize("bad", BAD_INPUTS, ids=lambda bad: bad.name)
def test_bad_input_is_refused_with_advice(client, bad: BadInput):
    start = time.monotonic()
    response = client.post("/api/predict", data=bad.body, content_type=bad.content_type)
    assert time.monotonic() - start < LIMIT_SECONDS
    assert bad.word in assert_is_problem(response, bad.status)
    assert client.post("/api/predict", json=as_json(seven())).status_code == 200


def test_bad_inputs_have_names_of_their_own():
    assert len({bad.name for bad in BAD_INPUTS}) == len(BAD_INPUTS)


def test_what_is_wrong_is_said_in_the_language_of_the_request(client):
    response = client.post("/api/predict", data=form(b""), content_type=FORM, headers={"Accept-Language": "ru"})
    assert "Файл пуст" in assert_is_problem(response, 422)
    assert response.headers["Content-Language"] == "ru"


@pytest.fixture(scope="module")
def small_client():
    """A client of a server with small limits."""
    given = Settings.from_environment()
    small = Settings(
        models=given.models,
        dist=given.dist,
        max_body_bytes=2**18,
        max_pixels=900,
        max_form_parts=3,
        max_field_bytes=2**17,
    )
    return create_app(small).test_client()


def test_a_body_may_be_as_large_as_the_limit_to_the_byte(small_client):
    body = pixels()
    assert small_client.post("/api/predict", data=body.ljust(2**18), content_type=JSON).status_code == 200
    assert_is_problem(small_client.post("/api/predict", data=body.ljust(2**18 + 1), content_type=JSON), 413)
    assert_is_problem(small_client.post("/api/predict", data=form(bytes(2**18)), content_type=FORM), 413)


@pytest.mark.parametrize(("shape", "status"), [((30, 30), 200), ((17, 53), 413)])
def test_a_picture_may_have_as_many_pixels_as_the_limit(small_client, shape, status):
    picture = np.zeros(shape, np.uint8)
    for response in (
        small_client.post("/api/predict", json=as_json(picture)),
        small_client.post("/api/predict", data=form(encode(picture)), content_type=FORM),
    ):
        assert response.status_code == status
        assert status == 200 or "900" in assert_is_problem(response, 413)


@pytest.mark.parametrize(("fields", "status"), [(2, 200), (3, 413)])
def test_a_form_may_have_as_many_parts_as_the_limit(small_client, fields, status):
    data = {f"field{i}": "x" for i in range(fields)} | {"picture": (BytesIO(encode(seven(20, 30))), "7.png")}
    assert small_client.post("/api/predict", data=data).status_code == status


@pytest.mark.parametrize(("length", "status"), [(2**16, 200), (2**17 + 1, 413)])
def test_the_fields_of_a_form_may_be_as_long_as_the_limit(small_client, length, status):
    data = {"note": "x" * length, "picture": (BytesIO(encode(seven(20, 30))), "7.png")}
    assert small_client.post("/api/predict", data=data).status_code == status


def test_a_file_may_be_larger_than_the_fields_of_a_form(small_client):
    content = encode(seven(20, 30), "BMP") + bytes(2**17 + 2**16)
    assert small_client.post("/api/predict", data=form(content), content_type=FORM).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/predict", 405),
        ("PUT", "/api/predict", 405),
        ("POST", "/healthz", 405),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/", 404),
    ],
)
def test_errors_of_the_framework_have_the_same_shape(client, method, path, status):
    response = client.open(path, method=method)
    assert_is_problem(response, status)
    if status == 405:
        assert response.headers["Allow"]


def test_a_chunked_body_without_a_length_is_refused(client):
    response = client.post(
        "/api/predict",
        input_stream=BytesIO(pixels()),
        content_type=JSON,
        headers={"Transfer-Encoding": "chunked"},
    )
    assert_is_problem(response, 411)


def test_a_fault_of_the_server_tells_nothing_of_its_inside(app, client, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("/secret/path")

    monkeypatch.setattr("server.recognizer.Recognizer.recognize", fail)
    response = client.post("/api/predict", json=as_json(seven()))
    assert_is_problem(response, 500)
    assert "secret" not in response.text
    assert "/secret/path" in caplog.text


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)


@given(fields=st.fixed_dictionaries({}, optional=dict.fromkeys(("width", "height", "pixels"), JSON_VALUES)))
def test_no_json_makes_the_server_fail(app, fields):
    response = app.test_client().post("/api/predict", data=json.dumps(fields), content_type=JSON)
    assert_is_problem(response, response.status_code)
    assert 400 <= response.status_code < 500


@given(st.binary(max_size=300))
def test_no_bytes_make_the_server_fail(app, content):
    for content_type in (JSON, FORM):
        response = app.test_client().post("/api/predict", data=content, content_type=content_type)
        assert_is_problem(response, response.status_code)
        assert 400 <= response.status_code < 500


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow's own words about the damage
@given(data=st.data())
def test_no_damage_to_a_picture_makes_the_server_fail(app, data):
    format = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"]))
    content = bytearray(encode(seven(20, 30), format))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    response = app.test_client().post("/api/predict", data=form(bytes(content)), content_type=FORM)
    assert response.status_code in (200, 413, 415, 422)
