"""Tokens for the models at Vertex: fetched once, kept secret, and what follows where there is none to be had."""

from __future__ import annotations

import pytest

from tests.served.vertex.conftest import CLAUDE, GEMINI, Project
from tests.support.canaries import KEY_CANARY
from tests.support.gateway import Gateway, unique
from tests.support.upstream.answers import TEXT, json_answer
from tests.support.upstream.google import EMAIL
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream, refused
from tests.support.upstream.steps import Hang, Script

UNAUTHENTICATED = {
    "error": {"code": 401, "message": "Request had invalid authentication credentials.", "status": "UNAUTHENTICATED"}
}


def channel_of(gateway: Gateway, model: str) -> dict[str, object]:
    """The first channel that serves a model, as the admin API shows it."""
    channels = gateway.admin("GET", "/channels?limit=100").json()["channels"]
    found: dict[str, object] = next(each for each in channels if any(model in name for name in each["models"]))
    return found


def test_one_token_serves_many_requests(project: Project) -> None:
    public = project.add_channel(GEMINI)
    for _ in range(5):
        assert 200 == project.gateway.chat(public).status
    assert 1 == len(project.endpoint.requests)


def test_a_key_file_is_shown_by_its_account_alone(project: Project) -> None:
    public = project.add_channel(GEMINI)
    shown = channel_of(project.gateway, public)
    assert [EMAIL] == [key["hint"] for key in shown["keys"]]  # type: ignore[attr-defined]
    assert "PRIVATE" not in str(shown)


def test_a_token_that_vertex_repeats_in_an_error_is_not_seen(project: Project) -> None:
    def echo(request: Request) -> Script:
        message = f"Invalid value for {request.header('authorization')}"
        return json_answer(400, {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}})

    project.models.default = echo
    answer = project.gateway.chat(project.add_channel(GEMINI))
    assert 400 == answer.status
    assert b"ya29" not in answer.body
    assert b"Invalid value" in answer.body


@pytest.mark.parametrize("model", [GEMINI, CLAUDE])
def test_a_key_that_google_refuses_is_out_and_the_next_channel_answers(
    project: Project, spare: Upstream, model: str
) -> None:
    public = project.add_channel(model, priority=10, keys=[project.key(client_email="other@example.com")])
    project.gateway.add_channel(spare.url, public)
    answer = project.gateway.chat(public)
    assert TEXT == answer.json()["choices"][0]["message"]["content"]
    assert [] == project.models.chats
    (record,) = [record for record in project.gateway.books.records() if record.model == public]
    assert ["auth", ""] == [attempt["fault"] for attempt in record.tries]
    assert 401 == record.tries[0]["status"]


def test_a_token_endpoint_that_is_down_is_a_fault_of_the_lane(project: Project, spare: Upstream) -> None:
    with refused() as url:
        public = project.add_channel(GEMINI, priority=10, keys=[project.key(token_uri=f"{url}/token")])
        project.gateway.add_channel(spare.url, public)
        answer = project.gateway.chat(public)
    assert TEXT == answer.json()["choices"][0]["message"]["content"]
    (record,) = [record for record in project.gateway.books.records() if record.model == public]
    assert ["connect", ""] == [attempt["fault"] for attempt in record.tries]


def test_a_slow_token_endpoint_is_one_too(project: Project, spare: Upstream) -> None:
    project.endpoint.default = [Hang()]
    public = project.add_channel(GEMINI, priority=10, clocks={"first_byte": 0.5})
    project.gateway.add_channel(spare.url, public)
    answer = project.gateway.chat(public)
    assert TEXT == answer.json()["choices"][0]["message"]["content"]
    (record,) = [record for record in project.gateway.books.records() if record.model == public]
    assert ["timeout", ""] == [attempt["fault"] for attempt in record.tries]


def test_a_fresh_token_that_vertex_refuses_takes_the_key_out(project: Project, spare: Upstream) -> None:
    project.models.default = json_answer(401, UNAUTHENTICATED)
    public = project.add_channel(GEMINI, priority=10)
    project.gateway.add_channel(spare.url, public)
    assert 200 == project.gateway.chat(public).status
    (record,) = [record for record in project.gateway.books.records() if record.model == public]
    assert ["auth", ""] == [attempt["fault"] for attempt in record.tries]


def test_an_api_key_goes_to_the_address_without_a_project(project: Project) -> None:
    """Express mode."""
    public = unique("model")
    project.gateway.add_channel(project.models.url, public, provider="vertex", models=[f"{public}={GEMINI}"])
    assert 200 == project.gateway.chat(public).status
    sent = project.last()
    assert f"/v1/publishers/google/models/{GEMINI}:generateContent" == sent.path
    assert str(sent.header("x-goog-api-key")).startswith(KEY_CANARY)
    assert None is sent.header("authorization")
    assert [] == project.endpoint.requests


def test_a_test_of_the_channel_says_what_google_says(project: Project) -> None:
    public = project.add_channel(GEMINI, keys=[project.key(client_email="other@example.com")])
    name = channel_of(project.gateway, public)["name"]
    (key,) = project.gateway.admin("POST", f"/channels/{name}/test", {}).json()["keys"]
    assert (False, "Google refused the credentials: invalid_grant") == (key["ok"], key["error"])
