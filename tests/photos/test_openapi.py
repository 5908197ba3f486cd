"""schemathesis sends valid and invalid requests and checks the responses against the OpenAPI document."""

import io

import hypothesis
import pytest
import schemathesis
import skimage.data
from hypothesis import HealthCheck, Phase
from PIL import Image
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from webapp import create_app

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def site():
    return create_app({"api_rate": ""})


@pytest.fixture(scope="module")
def document(site):
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", site)


def test_document_is_openapi_3_1(site):
    document = site.test_client().get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/readings", "/api/v1/explanations", "/api/v1/previews", "/api/v1/models"} <= set(document["paths"])


def test_document_is_valid_and_names_every_operation(document):
    document.validate()
    names = [one["operationId"] for path in document.raw_schema["paths"].values() for one in path.values()]
    assert sorted(names) == ["explain_face", "list_models", "preview_image", "read_images"]


@pytest.mark.slow
def test_every_response_matches_the_document(document):
    calls = 0
    for result in document.get_all_operations():
        operation = result.ok()

        @hypothesis.settings(max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
                             suppress_health_check=list(HealthCheck))
        @hypothesis.given(case=operation.as_strategy())
        def check(case):
            nonlocal calls
            calls += 1
            case.call_and_validate(checks=CHECKS, headers={"Accept-Encoding": "identity"})      # it decodes none

        check()
    assert calls > 50


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_damaged_images_never_cause_an_unexpected_error(site, kind):
    """Images with altered and truncated bytes are read or rejected with an error code."""
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).resize((96, 96)).save(file, kind)
    whole, client = file.getvalue(), site.test_client()

    @hypothesis.settings(max_examples=40, deadline=None, derandomize=True, database=None,
                         suppress_health_check=list(HealthCheck))
    @hypothesis.given(data=hypothesis.strategies.data())
    def check(data):
        damaged = bytearray(whole)
        for _ in range(data.draw(hypothesis.strategies.integers(1, 6))):
            damaged[data.draw(hypothesis.strategies.integers(0, len(damaged) - 1))] = data.draw(
                hypothesis.strategies.integers(0, 255))
        cut = data.draw(hypothesis.strategies.integers(1, len(damaged)))
        response = client.post("/api/v1/readings", data={"picture": (io.BytesIO(bytes(damaged[:cut])), "x")})
        assert response.status_code == 200
        result = response.json["readings"][0]
        assert "reading" in result or result["error"]["code"] != "failed", result

    check()
