"""Why was I refused, and what did I get and spend: a person reads it of their own calls, by no address of another's."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.storage.requests.refusals import Refusals
from tests.storage.requests.test_refusals import refusal, request_id
from tests.web.console.visitor import Visitor, at_console
from tests.web.me.test_own import Member, member

TOLD = "No available channel for model gpt-9 under group default"


async def refuse(of: Member, number: int, seconds_ago: int = 60, **changes: Any) -> str:
    """Three calls of a person that were refused alike; the id of the first."""
    started_ms = int(of.visitor.clock.wall() - seconds_ago) * 1000
    facts = {"error_code": "model_not_found", "error_text": TOLD, "status": 404, "model": "gpt-9"}
    row = refusal(number, started_ms=started_ms, person_id=of.person.id, token="laptop", **{**facts, **changes})
    await Refusals(of.visitor.gateway.database).put([row])
    return row.request_id


def test_refused_calls_stand_among_ones_requests_page_by_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        bob = await member(visitor, "Bob")
        await ada.spend("a0", 1)
        for number in range(4):
            await refuse(ada, 100 * number, 10 * (number + 1))
            await refuse(bob, 100 * number + 50, 10 * (number + 1))
        seen: list[str] = []
        before, more = "", True
        while more:
            page = await ada.ask("GET", f"/requests?limit=2&before={before}")
            seen += [row["outcome"] for row in page["requests"]]
            assert {"laptop"} == {row["token"] for row in page["requests"]}
            before, more = page["requests"][-1]["request_id"], page["more"]
        assert ["ok", *["refused"] * 4] == seen
        refused = (await ada.ask("GET", "/requests?outcome=refused"))["requests"]
        assert [(3, 404, TOLD)] * 4 == [(row["times"], row["status"], row["error_text"]) for row in refused]

    at_console(tmp_path, story)


@pytest.mark.parametrize("query", ["outcome=refused", "outcome=failed", "model=gpt-9", "since=1h", "token=laptop"])
def test_filters_of_ones_own_list_find_refusals(tmp_path: Path, query: str) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        token = await ada.ask("POST", "/tokens", {"name": "laptop"}, status=201)
        refused = await refuse(ada, 0, token_id=token["id"])
        assert [refused] == [row["request_id"] for row in (await ada.ask("GET", f"/requests?{query}"))["requests"]]
        assert refused in await ada.page(f"/console/me/requests?{query}")

    at_console(tmp_path, story)


@pytest.mark.parametrize(("language", "word"), [("en", "No available channel"), ("zh", "gpt-9")])
def test_a_refused_call_has_a_page_with_what_its_client_was_told(tmp_path: Path, language: str, word: str) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        first = await refuse(ada, 0, error_text="No <b>such</b> model: No available channel for gpt-9")
        ada.headers["accept-language"] = language
        text = await ada.page(f"/console/me/requests/{first}")
        assert (True, False, True) == (word in text, "<b>such" in text, "404 model_not_found" in text)
        assert first in await ada.page("/console/me")

    at_console(tmp_path, story)


def test_anybody_elses_refusal_is_not_there(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        bob = await member(visitor, "Bob")
        first = await refuse(bob, 0)
        started = int(first[:12], 16)
        nobodys = refusal(500, started_ms=started, token_id="", token="")
        await Refusals(visitor.gateway.database).put([nobodys])
        for request in (first, request_id(started + 1, 1), nobodys.request_id):
            await ada.ask("GET", f"/requests/{request}", status=404)
            await ada.page(f"/console/me/requests/{request}", status=404)
            await ada.ask("GET", f"/requests?before={request}", status=404)
        assert [] == (await ada.ask("GET", "/requests"))["requests"]
        assert 3 == (await bob.ask("GET", f"/requests/{request_id(started + 1, 1)}"))["times"]

    at_console(tmp_path, story)


def test_a_refusal_stays_with_whose_token_it_was(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        bob = await member(visitor, "Bob")
        token = await visitor.call("POST", "/tokens", {"name": "t", "person": "Ada"}, status=201)
        await visitor.gateway.refusals.flush()
        headers = {"authorization": f"Bearer {token['key']}"}
        asked = {"model": "nothing", "messages": [{"role": "user", "content": "hello"}]}
        answer = await visitor.http.post("/v1/chat/completions", json=asked, headers=headers)
        assert 400 <= answer.status_code
        await visitor.call("PATCH", f"/tokens/{token['id']}", {"person": "Bob"})
        (row,) = (await ada.ask("GET", "/requests"))["requests"]
        assert (answer.headers["x-request-id"], answer.json()["error"]["message"]) == (
            row["request_id"],
            row["error_text"],
        )
        assert [] == (await bob.ask("GET", "/requests"))["requests"]

    at_console(tmp_path, story)


async def with_money(visitor: Visitor) -> tuple[Member, Member]:
    """Two people who were given credit and have spent some of it."""
    people = []
    for name, usd in (("Ada", "5"), ("Bob", "7")):
        person = await member(visitor, name)
        await visitor.call("POST", f"/credits/{name}", {"usd": usd, "note": f"=for {name}"}, status=201)
        await person.spend(f"{name}-1", 1_234_567_891, model=f"model-of-{name}")
        people.append(person)
    ada, bob = people
    return ada, bob


@pytest.mark.parametrize("query", ["", "?month=2026-01", "?who=Bob", "?person=Bob&id=Bob"])
def test_ones_statement_is_ones_own(tmp_path: Path, query: str) -> None:
    async def story(visitor: Visitor) -> None:
        ada, bob = await with_money(visitor)
        statement = await ada.ask("GET", f"/statement{query}")
        page = await ada.page(f"/console/me/statement{query}")
        file = await ada.page(f"/console/me/statement.csv{query}")
        assert ada.person.id == statement["id"]
        shown = (str(statement), page, file)
        words = ("model-of-Bob", "for Bob", bob.person.id, "admin key")
        assert [] == [word for word in words for text in shown if word in text]

    at_console(tmp_path, story)


def test_ones_statement_adds_up_and_prints(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada, _ = await with_money(visitor)
        statement = await ada.ask("GET", "/statement")
        assert (5, 1.234567891, 3.765432109) == tuple(
            statement[f"{name}_usd"] for name in ("credited", "spent", "after")
        )
        page = await ada.page("/console/me/statement")
        assert ("$3.765432109" in page, 'href="/console/me"' in page, "parts/print" in page) == (True, True, True)
        assert f'href="/console/me/statement.csv?month={statement["month"]}"' in page
        rows = [*csv.DictReader((await ada.page("/console/me/statement.csv")).splitlines())]
        assert "3.765432109" == f"{sum(float(row['usd']) for row in rows):.9f}"
        assert ["'=for Ada"] == [row["what"] for row in rows if row["kind"] == "credit"]
        await ada.ask("GET", "/statement?month=soon", status=400)
        assert 'href="/console/me/statement"' in await ada.page("/console/me")

    at_console(tmp_path, story)


def test_nobody_reads_anothers_statement_by_any_address(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada, bob = await with_money(visitor)
        for path in (f"/console/pots/{bob.person.id}/statement", f"/console/pots/{ada.person.id}/statement.csv"):
            answer = await visitor.http.get(path, headers={**ada.headers, "accept": "text/html"})
            assert 403 == answer.status_code
        for path in (f"/api/admin/credits/{bob.person.id}/statement", f"/api/admin/credits/{bob.person.id}"):
            assert 403 == (await visitor.http.get(path, headers=ada.headers)).status_code
        for path in (f"/statement/{bob.person.id}", f"/pot/{bob.person.id}"):
            await ada.ask("GET", path, status=404)

    at_console(tmp_path, story)


def test_a_tag_finds_ones_own_requests(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        await ada.spend("with", 1, tags=("night",))
        await ada.spend("without", 1)
        assert ["with"] == [row["request_id"] for row in (await ada.ask("GET", "/requests?tag=night"))["requests"]]
        text = await ada.page("/console/me/requests?tag=night")
        assert ('name="tag" value="night"' in text, "/requests/without" in text) == (True, False)
        assert 'href="/console/me/requests?tag=night"' in await ada.page("/console/me/requests/with")

    at_console(tmp_path, story)
