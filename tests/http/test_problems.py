"""Errors take the shape of the interface that was addressed, and tell nothing of the inside."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Blueprint, Flask, Response
from flask.testing import FlaskClient
from werkzeug.exceptions import abort

from service import errors
from service.errors import Overloaded, ServiceError
from service.http import problems
from service.http.face import Face, FaceIndex
from service.http.problems import Problem

SECRET = "the text of a caller"

SERVICE_ERRORS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ServiceError)
]


@pytest.fixture
def small() -> Flask:
    """An application with one failing route in the native shape and one in a face of its own."""
    app = Flask("small")
    plain = Blueprint("plain", __name__, url_prefix="/plain")
    other = Blueprint("other", __name__, url_prefix="/other")

    @plain.get("/crash")
    @other.get("/crash")
    def crash() -> str:
        raise KeyError(SECRET)

    @plain.get("/busy")
    def busy() -> str:
        raise Overloaded("Too much is waiting; try again.")

    @plain.get("/gone")
    def gone() -> str:
        abort(410)

    def own_shape(problem: Problem) -> Response:
        body = json.dumps({"error": problem.detail})
        return Response(body, problem.status, content_type="application/json")

    faces = (Face(plain), Face(other, problem=own_shape, paths=("/other/", "/otherwise")))
    app.extensions["relais.faces"] = FaceIndex("", faces)
    problems.install(app)
    for face in faces:
        app.register_blueprint(face.blueprint)
    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/translate", 405, "method_not_allowed"),
        ("DELETE", "/v1/languages", 405, "method_not_allowed"),
        ("POST", "/v1/translate", 415, "unsupported_media_type"),
        ("GET", "/v1/languages/../../etc/passwd", 404, "not_found"),
        ("GET", "/%00", 404, "not_found"),
        ("GET", "/%ff%fe", 404, "not_found"),
    ],
)
def test_errors_of_routing_are_problem_documents(
    bare: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    response = bare.open(path, method=method)

    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.json is not None
    assert response.json["type"] == f"urn:relais:problem:{code}"
    assert response.json["status"] == status
    assert response.json["code"] == code
    assert response.json["title"]
    assert response.json["detail"]
    assert response.json["request_id"] == response.headers["X-Request-Id"]


def test_a_wrong_method_is_told_the_right_ones(bare: FlaskClient) -> None:
    allowed = bare.get("/v1/translate").headers["Allow"]

    assert {method.strip() for method in allowed.split(",")} == {"POST", "OPTIONS"}


@pytest.mark.parametrize("kind", SERVICE_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_service_is_a_problem_with_its_own_status(
    kind: type[ServiceError],
) -> None:
    problem = Problem.of(kind("Do this instead.", field="items[3].text"))

    assert (problem.status, problem.code, problem.title) == (kind.status, kind.code, kind.title)
    assert problem.as_dict()["detail"] == "Do this instead."
    assert problem.as_dict()["field"] == "items[3].text"


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in SERVICE_ERRORS]

    assert len(codes) == len(set(codes))


def test_a_fault_of_ours_is_a_500_that_tells_nothing(small: Flask) -> None:
    response = small.test_client().get("/plain/crash")

    assert response.status_code == 500
    assert response.content_type == "application/problem+json"
    assert response.json is not None
    assert response.json["code"] == "internal_error"
    assert SECRET not in response.text
    assert "KeyError" not in response.text


def test_overload_tells_when_to_try_again(small: Flask) -> None:
    response = small.test_client().get("/plain/busy")

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "1"


def test_an_error_that_no_table_lists_keeps_its_own_name(small: Flask) -> None:
    response = small.test_client().get("/plain/gone")

    assert response.status_code == 410
    assert response.json is not None
    assert response.json["code"] == "gone"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/other/crash", 500), ("/other/nothing", 404), ("/otherwise", 404)],
)
def test_another_face_answers_errors_in_its_own_shape(small: Flask, path: str, status: int) -> None:
    response = small.test_client().get(path)

    assert response.status_code == status
    assert response.json is not None
    assert set(response.json) == {"error"}


def test_a_path_that_only_begins_like_a_faces_own_is_not_its(small: Flask) -> None:
    response = small.test_client().get("/otherwise-not")

    assert response.content_type == "application/problem+json"


def test_a_wrong_method_within_another_face_keeps_its_shape_and_the_allow_header(
    small: Flask,
) -> None:
    response = small.test_client().post("/other/crash")

    assert response.status_code == 405
    assert response.json is not None
    assert set(response.json) == {"error"}
    assert "GET" in response.headers["Allow"]


def test_a_prefix_is_served_and_nothing_beside_it(make_app: Callable[..., Flask]) -> None:
    client = make_app(url_prefix="/relais").test_client()

    assert client.get("/relais/v1/health/live").status_code == 200
    assert client.get("/v1/health/live").status_code == 404
    assert client.get("/relais/v1/nothing").content_type == "application/problem+json"
