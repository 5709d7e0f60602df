"""Each service gets a message in the form that its documentation asks for, and its answers are understood."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from typing import Any

import pytest

from aihub_lite.domain.alerts.destination import AlertDestination
from aihub_lite.domain.alerts.events import Alert
from aihub_lite.domain.overrides import Secret
from aihub_lite.upstream.http1.resolving import Address
from aihub_lite.upstream.messengers.forms import AlertLetter
from aihub_lite.upstream.messengers.messenger import Messenger, SendOutcome
from tests.support.upstream.answers import body_answer, json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream

AT = 1_767_571_200
WHSEC = "whsec_" + base64.b64encode(b"a secret of 24 bytes....").decode()
DOWN = Alert(
    event="channel_down",
    title="Channel <main> & co is down",
    advice="Test it.",
    page="/console/channels/chn_1",
    critical=True,
    at=AT,
)
LINK = "https://ai.example.com/console/channels/chn_1"


def letter(*alerts: Alert) -> AlertLetter:
    return AlertLetter(id="alt_1-7-1", alerts=alerts or (DOWN,), public_url="https://ai.example.com", now=AT)


def destination(url: str, secret: str = "") -> AlertDestination:
    return AlertDestination(id="alt_1", name="ops", url=Secret(url), secret=Secret(secret), created_at=AT)


def sent(
    url: str, *alerts: Alert, secret: str = "", environ: dict[str, str] | None = None, **options: Any
) -> SendOutcome:
    """What became of one letter."""

    async def story() -> SendOutcome:
        async with Messenger(environ or {}, **options) as messenger:
            return await messenger.send(destination(url, secret), letter(*alerts))

    return asyncio.run(story())


def received(form: str, *alerts: Alert, secret: str = "") -> Request:
    """What a receiver at an address gets, which has its `{place}` in the form."""
    with Upstream(json_answer(200, {"ok": True})) as upstream:
        assert SendOutcome() == sent(form.format(place=f"127.0.0.1:{upstream.port}"), *alerts, secret=secret)
        (request,) = upstream.requests
    assert ("POST", "application/json") == (request.method, request.header("content-type"))
    assert str(len(request.body)) == request.header("content-length")
    return request


def test_a_webhook_is_signed_so_that_its_receiver_can_tell() -> None:
    """As Standard Webhooks 1.0 has a receiver do it: id, timestamp and body as they came, joined by dots."""
    request = received("http://{place}/hook?a=b", secret=WHSEC)
    assert "/hook?a=b" == request.path
    content = b".".join(
        ((request.header("webhook-id") or "").encode(), (request.header("webhook-timestamp") or "").encode())
    )
    key = base64.b64decode(WHSEC.removeprefix("whsec_"))
    digest = hmac.new(key, content + b"." + request.body, hashlib.sha256).digest()
    assert "v1," + base64.b64encode(digest).decode() == request.header("webhook-signature")
    assert {
        "type": "aihub.alerts",
        "timestamp": "2026-01-05T00:00:00Z",
        "alerts": [
            {
                "event": "channel_down",
                "topic": "channel",
                "title": DOWN.title,
                "text": "Test it.",
                "critical": True,
                "over": False,
                "at": "2026-01-05T00:00:00Z",
                "link": LINK,
            }
        ],
    } == json.loads(request.body)


def test_a_secret_of_ones_own_signs_by_its_letters() -> None:
    request = received("http://{place}/hook", secret="a-secret-of-my-own")
    content = f"{request.header('webhook-id')}.{request.header('webhook-timestamp')}.".encode() + request.body
    digest = hmac.new(b"a-secret-of-my-own", content, hashlib.sha256).digest()
    assert "v1," + base64.b64encode(digest).decode() == request.header("webhook-signature")


def test_ntfy_gets_json_at_its_root() -> None:
    request = received("ntfy+http://tk_abc@{place}/my-topic")
    assert ("/", "Bearer tk_abc") == (request.path, request.header("authorization"))
    assert {
        "topic": "my-topic",
        "title": DOWN.title,
        "message": f"Test it.\n{LINK}",
        "priority": 5,
        "tags": ["warning"],
        "click": LINK,
    } == json.loads(request.body)


def test_ntfy_takes_a_user_and_a_password() -> None:
    request = received("ntfy+http://ann:p%40ss@{place}/my-topic")
    expected = "Basic " + base64.b64encode(b"ann:p@ss").decode()
    assert (expected, None) == (request.header("authorization"), request.header("webhook-signature"))


def test_slack_gets_a_text_in_which_nothing_is_a_mention() -> None:
    request = received("slack+http://{place}/services/T0/B0/xyz")
    assert "/services/T0/B0/xyz" == request.path
    text = f"Channel &lt;main&gt; &amp; co is down\nTest it.\n{LINK}"
    assert {"text": text, "unfurl_links": False} == json.loads(request.body)


def test_discord_gets_content_that_mentions_nobody() -> None:
    request = received("discord+http://{place}/api/webhooks/1/token")
    assert "/api/webhooks/1/token" == request.path
    assert {
        "content": f"{DOWN.title}\nTest it.\n{LINK}",
        "allowed_mentions": {"parse": []},
        "flags": 4,
    } == json.loads(request.body)


@pytest.mark.parametrize("path", ["/bot12:abc", "/bot12:abc/sendMessage"])
def test_telegram_is_told_the_chat_and_a_plain_text(path: str) -> None:
    request = received("telegram+http://{place}" + path + "?chat_id=-100500&message_thread_id=4")
    assert "/bot12:abc/sendMessage" == request.path
    assert {
        "chat_id": "-100500",
        "text": f"{DOWN.title}\nTest it.\n{LINK}",
        "link_preview_options": {"is_disabled": True},
        "message_thread_id": 4,
    } == json.loads(request.body)


MANY = tuple(
    Alert(event="disk", title=f"Trouble number {number}", advice="x" * 300, page="", at=AT) for number in range(50)
)


@pytest.mark.parametrize(
    ("form", "field", "most"),
    [
        ("discord+http://{place}/x", "content", 2000),
        ("telegram+http://{place}/bot1:a?chat_id=1", "text", 4096),
        ("ntfy+http://{place}/topic", "message", 4096),
        ("slack+http://{place}/x", "text", 40_000),
    ],
)
def test_many_alerts_are_one_message_within_the_services_limit(form: str, field: str, most: int) -> None:
    text = json.loads(received(form, *MANY).body)[field]
    assert len(text.encode()) <= most
    assert "Trouble number 0" in text
    assert "more: see the console" in text


@pytest.mark.parametrize("status", [200, 201, 204, 202])
def test_any_status_of_success_is_one(status: int) -> None:
    with Upstream(body_answer(status, b"", "text/plain")) as upstream:
        assert sent(f"http://127.0.0.1:{upstream.port}/").ok


@pytest.mark.parametrize(
    ("status", "headers", "body", "outcome"),
    [
        (429, [("retry-after", "7")], {}, SendOutcome(error="webhook answered 429", again=True, wait=7.0)),
        (429, [], {"retry_after": 0.3}, SendOutcome(error="webhook answered 429", again=True, wait=0.3)),
        (
            429,
            [],
            {"ok": False, "error_code": 429, "parameters": {"retry_after": 12}},
            SendOutcome(error="webhook answered 429", again=True, wait=12.0),
        ),
        (429, [("retry-after", "1e9")], {}, SendOutcome(error="webhook answered 429", again=True, wait=3600.0)),
        (429, [("retry-after", "soon")], {}, SendOutcome(error="webhook answered 429", again=True)),
        (503, [], {}, SendOutcome(error="webhook answered 503", again=True)),
        (404, [], {"url": "http://secret"}, SendOutcome(error="webhook answered 404")),
        (302, [("location", "http://169.254.169.254/")], {}, SendOutcome(error="webhook answered 302")),
    ],
)
def test_refusals_say_whether_to_try_again_and_when(
    status: int, headers: list[tuple[str, str]], body: object, outcome: SendOutcome
) -> None:
    with Upstream(json_answer(status, body, headers)) as upstream:
        assert outcome == sent(f"http://127.0.0.1:{upstream.port}/")
        assert 1 == len(upstream.requests)


def test_an_address_in_a_variable_is_looked_up_at_use() -> None:
    with Upstream(json_answer(200, {})) as upstream:
        assert not sent("env:HOOK").ok
        assert sent("env:HOOK", environ={"HOOK": f"http://127.0.0.1:{upstream.port}/"}).ok
        assert sent("env:HOOK", environ={"HOOK": "http://169.254.169.254/"}).error.endswith("are not asked")


def test_a_name_that_leads_to_a_clouds_credentials_is_not_asked() -> None:
    """Whoever types addresses in may own a name that points anywhere."""

    async def look_up(host: str, port: int) -> list[Address]:
        return [Address(socket.AF_INET, ("169.254.169.254", port))]

    outcome = sent("http://innocent.example/latest/meta-data", look_up=look_up)
    assert ("the upstream's name is not known", True) == (outcome.error, outcome.again)


def test_a_service_that_says_nothing_is_given_up_in_time() -> None:
    with Upstream([]) as upstream:
        outcome = sent(f"http://127.0.0.1:{upstream.port}/", patience=0.2)
        assert SendOutcome(error="no answer in time", again=True) == outcome
