"""Nothing that is secret, and nothing of a request, is in any alert of any kind at any service, nor in a log."""

from __future__ import annotations

import asyncio
import base64
import logging
from pathlib import Path

import pytest

from aihub_lite.domain.alerts.condition import Condition
from aihub_lite.domain.alerts.events import BY_KIND, EVENTS, LIMITS
from aihub_lite.gateway.alerts.destinations import DestinationRegistry
from tests.gateway.alerts.watched import receiver, watched
from tests.support.canaries import ANSWER_CANARY, KEY_CANARY, PROMPT_CANARY
from tests.support.upstream.answers import json_answer
from tests.support.upstream.scripted import Upstream

HUSH = "hush-hush-hush-hush-hush"
CANARIES = (KEY_CANARY, PROMPT_CANARY, ANSWER_CANARY, HUSH)
DETAIL = f"…5f20: {KEY_CANARY} said {PROMPT_CANARY} and {ANSWER_CANARY}"
"""What an upstream may say in the text of an error, which the console shows to its operator."""
FORMS = {
    "webhook": "http://{place}/webhook",
    "ntfy": f"ntfy+http://{HUSH}@{{place}}/topic",
    "slack": f"slack+http://{{place}}/{HUSH}",
    "discord": f"discord+http://{{place}}/{HUSH}",
    "telegram": f"telegram+http://{{place}}/bot{HUSH}?chat_id=1",
    "apprise": f"json://ann:{HUSH}@{{place}}/apprise",
}
CONDITIONS = [
    *(Condition(kind, "main", "chn_1", DETAIL, part="k1", figure="1.42") for kind in BY_KIND),
    *(Condition(kind, "bob", f"tok_{used}", DETAIL, used, "token") for kind in LIMITS for used in (80, 100)),
]


async def add_all(destinations: DestinationRegistry, place: str) -> None:
    for name, form in FORMS.items():
        secret = HUSH if name == "webhook" else ""
        await destinations.add(name, form.format(place=place), secret, {})


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_alert_at_no_service_holds_a_key_a_prompt_or_the_way_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def story() -> None:
        with receiver() as upstream:
            async with watched(tmp_path) as room:
                alerts = room.gateway.alerts
                await add_all(alerts.destinations, f"127.0.0.1:{upstream.port}")
                told = await alerts.book.observe(CONDITIONS, lambda *_: "well")
                assert set(EVENTS) - {"downgrade"} == {alert.event for alert in told} | {"budget_80"}
                await alerts.outbox.deliver_due()
                assert len(FORMS) == len(upstream.requests)
                for request in upstream.requests:
                    body = request.body.decode()
                    assert [] == [canary for canary in CANARIES if canary in body]
                    assert "used all of a limit" in body or "more: see the console" in body

    asyncio.run(story())
    assert [] == [canary for canary in CANARIES if canary in caplog.text]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_goes_wrong_on_the_way_repeats_no_address_and_no_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        with Upstream(json_answer(500, {"error": DETAIL, "url": HUSH})) as upstream:
            async with watched(tmp_path) as room:
                alerts = room.gateway.alerts
                await add_all(alerts.destinations, f"127.0.0.1:{upstream.port}")
                await alerts.book.observe(CONDITIONS[:1], lambda *_: "well")
                await alerts.outbox.deliver_due()
                for destination in alerts.destinations.by_id.values():
                    (message,) = await alerts.outbox.store.latest(destination.id, 10)
                    assert message.error
                    assert [] == [canary for canary in CANARIES if canary in f"{message} {destination}"]

    asyncio.run(story())
    assert "alerts to webhook: webhook answered 500" in caplog.text
    basic = base64.b64encode(f"ann:{HUSH}".encode()).decode()
    assert [] == [canary for canary in (*CANARIES, basic) if canary in caplog.text]
