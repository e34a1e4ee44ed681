"""The server does what its OpenAPI document says, for requests that schemathesis makes from the document."""

import re

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.archives import zipped
from tests.photoshop import written_by_hand
from tests.pictures import encode, seven

PNG = encode(seven(20, 30))
FILES = [PNG, written_by_hand("grey", seven(20, 30)), zipped({"7.png": PNG}), PNG[:50], b"8BPS", b""]
EXAMPLES = 40
"""Requests to each address."""

schemathesis.openapi.format("binary", st.sampled_from(FILES) | st.binary(max_size=100))


@schemathesis.serializer("application/x-ndjson")
def lines(_context: schemathesis.SerializationContext, value: object) -> bytes:
    return str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def schema(app):
    return schemathesis.openapi.from_wsgi("/openapi.json", app)


described = schemathesis.pytest.from_fixture("schema")


@described.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
def test_requests_made_from_the_document_are_answered_as_it_says(case):
    # That a body of the right form is accepted cannot be asked: its pixels may be too few, its file no picture.
    case.call_and_validate(excluded_checks=[positive_data_acceptance])


def test_the_document_is_valid_openapi(schema):
    schema.validate()
    assert schema.specification.version == "3.1.1"


def test_every_address_is_described_in_words(app, client):
    paths = client.get("/openapi.json").json["paths"]
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    assert {operation["operationId"] for operations in paths.values() for operation in operations.values()} == {
        rule.endpoint for rule in rules
    }
    for operations in paths.values():
        for operation in operations.values():
            assert re.fullmatch(r"\S.*\.", operation["summary"], re.DOTALL)


def test_names_and_limits_are_those_of_the_server(app, client):
    paths = client.get("/openapi.json").json["paths"]
    model, _normalized = paths["/api/predict"]["post"]["parameters"]
    assert model["schema"]["enum"] == list(app.extensions["recognizers"])
    limits = app.config["SETTINGS"]
    for path, limit in (("/api/predict", limits.max_pixels), ("/api/compare", limits.max_upload_files)):
        assert str(limit) in paths[path]["post"]["requestBody"]["description"]
