import base64
import json
import tempfile
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.settings import ROOT
from tests.bad_inputs import FORM, JSON, form, pixels
from tests.pictures import encode, seven

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
    for inside in ("Traceback", ".py", "/server/", str(ROOT), tempfile.gettempdir()):
        assert inside not in response.text
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


def test_what_is_wrong_is_said_in_the_language_of_the_request(client):
    response = client.post("/api/predict", data=form(b""), content_type=FORM, headers={"Accept-Language": "ru"})
    assert "Файл пуст" in assert_is_problem(response, 422)
    assert response.headers["Content-Language"] == "ru"


def test_a_refused_method_is_answered_with_those_allowed(client):
    assert client.put("/api/predict").allow.as_set() == {"options", "post"}


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
