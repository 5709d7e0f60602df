"""Destinations of alerts in the admin API and at the console."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.gateway.alerts.watched import address, receiver
from tests.support.upstream.answers import json_answer
from tests.support.upstream.scripted import Upstream
from tests.web.admin.desk import Desk, at_desk
from tests.web.console.visitor import Visitor, at_console

HUSH = "hush-hush-hush-hush"


def test_a_destination_is_added_shown_changed_tested_and_deleted_without_its_address(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        with receiver() as upstream:
            url = address(upstream, f"/{HUSH}")
            added = await desk.call("POST", "/alerts", {"name": "ops", "url": url}, status=201)
            assert added["secret"].startswith("whsec_")
            assert ("webhook", f"http://127.0.0.1:{upstream.port}/…") == (added["service"], added["url"])
            listed = await desk.call("GET", "/alerts")
            assert ["ops"] == [each["name"] for each in listed["destinations"]]
            assert "drift" in listed["events"]
            changes = {"events": ["disk"], "quiet": "22:00-07:00@Europe/Berlin", "urgent": True, "name": "night"}
            changed = await desk.call("PATCH", "/alerts/ops", changes)
            shown = ("night", ["disk"], "22:00-07:00@Europe/Berlin", True, True)
            assert shown == tuple(changed[name] for name in ("name", "events", "quiet", "urgent", "signed"))
            assert (await desk.call("POST", "/alerts/night/test"))["ok"]
            (request,) = upstream.requests
            assert ("test", f"/{HUSH}") == (request.json()["alerts"][0]["event"], request.path)
            assert request.header("webhook-signature")
            shown = await desk.call("GET", f"/alerts/{added['id']}")
            assert ("sent", None) == (shown["last"]["state"], shown["last"]["error"])
            assert not (await desk.call("POST", "/alerts/night/disable"))["enabled"]
            assert (await desk.call("POST", "/alerts/night/enable"))["enabled"]
            await desk.call("PATCH", "/alerts/night", {"url": url + "2"})
            await desk.call("DELETE", "/alerts/night")
            assert [] == (await desk.call("GET", "/alerts"))["destinations"]
            log = (await desk.call("GET", "/audit?limit=100"))["audit"]
            actions = ["delete_alert", "edit_alert", "enable_alert", "disable_alert", "edit_alert", "add_alert"]
            assert actions == [entry["action"] for entry in log]
            assert [("url", ["…", "another"])] == [*log[1]["changes"].items()]
            told = msgspec.json.encode([listed, changed, shown, log]).decode()
            assert (False, False) == (HUSH in told, added["secret"] in told)

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"name": "x", "url": "nothing"}, "url: must be"),
        ({"name": "x", "url": "http://169.254.169.254/x"}, "url: addresses of a cloud"),
        ({"name": "x", "url": "https://example.org/x", "events": ["all"]}, "events: 'all' is none"),
        ({"name": "x", "url": "https://example.org/x", "quiet": "night"}, "quiet: 'night' is no span"),
        ({"name": "x", "url": "https://example.org/x", "event": []}, "unknown field event"),
        ({"url": "https://example.org/x"}, "name: is missing"),
    ],
)
def test_what_cannot_be_a_destination_is_refused_by_its_field(tmp_path: Path, body: object, text: str) -> None:
    async def story(desk: Desk) -> None:
        assert text in await desk.refused("POST", "/alerts", body)

    at_desk(tmp_path, story)


def test_names_are_taken_once_and_unknown_ones_are_not_found(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/alerts", {"name": "ops", "url": "https://example.org/x"}, status=201)
        await desk.refused("POST", "/alerts", {"name": "OPS", "url": "https://example.org/x"}, status=409)
        for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/enable")):
            await desk.refused(method, f"/alerts/nobody{path}", {} if method == "PATCH" else None, status=404)

    at_desk(tmp_path, story)


def test_a_test_that_does_not_arrive_says_why(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        with Upstream(json_answer(410, {"secret": HUSH})) as upstream:
            body = {"name": "ops", "url": f"slack+{address(upstream)}"}
            assert (await desk.call("POST", "/alerts", body, status=201))["secret"] is None
            answer = await desk.call("POST", "/alerts/ops/test")
            assert (False, "slack answered 410") == (answer["ok"], answer["error"])
            (shown,) = (await desk.call("GET", "/alerts"))["destinations"]
            assert ("failed", "slack answered 410") == (shown["last"]["state"], shown["last"]["error"])

    at_desk(tmp_path, story)


@pytest.mark.parametrize(("language", "heading", "arrived"), [("en", "Alerts", "Arrived"), ("zh", "告警", "已送达")])
def test_the_page_shows_where_alerts_go_and_whether_they_arrive(
    tmp_path: Path, language: str, heading: str, arrived: str
) -> None:
    async def story(visitor: Visitor) -> None:
        with receiver() as upstream:
            await visitor.sign_in()
            empty = (await visitor.get("/console/alerts", accept_language=language)).text
            assert f"<h1>{heading}</h1>" in empty
            body = {"name": "ops", "url": address(upstream, f"/{HUSH}"), "quiet": "22:00-07:00", "events": ["disk"]}
            await visitor.call("POST", "/alerts", body, status=201)
            await visitor.call("POST", "/alerts/ops/test")
            text = (await visitor.get("/console/alerts", accept_language=language)).text
            assert (True, True, False) == (arrived in text, "22:00-07:00@UTC" in text, HUSH in text)
            assert 'href="/console/alerts"' in (await visitor.get("/console/settings")).text

    at_console(tmp_path, story)


def test_what_was_noticed_needs_attention_on_the_overview(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        notices = visitor.gateway.alerts.notices
        notices.post("disk", subject="100 MiB", figure="100 MiB")
        notices.post("spend_fast", subject="$30.00 in an hour, usually $0.50")
        attention = (await visitor.call("GET", "/overview"))["attention"]
        assert ["disk", "spend_fast"] == [item["kind"] for item in attention]
        text = await visitor.page("/console")
        assert "100 MiB" in text

    at_console(tmp_path, story)
