"""What a person sees and changes is their own: never anybody else's, by no address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import attrs
import pytest

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.usage import Usage
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.people.passkeys import Passkey, Passkeys
from aihub_lite.web.access.rights import RIGHTS
from tests.storage.facts import record
from tests.web.access.team import add_person, signed_in
from tests.web.console.visitor import Visitor, at_console

NANO = 10**9
OWN = sorted(
    (method, path)
    for (method, path), right in RIGHTS.items()
    if right == "person" and "{ref}" in path and method != "OPTIONS"
)
"""Every route of a single thing of one's own."""


@attrs.frozen
class Member:
    """Somebody at the console, with the headers of their session."""

    visitor: Visitor
    person: Person
    headers: dict[str, str]

    async def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """The decoded answer of the person's own API."""
        answer = await self.visitor.http.request(method, f"/api/me{path}", json=body, headers=self.headers)
        assert status == answer.status_code, answer.text
        return answer.json()

    async def page(self, path: str, *, status: int = 200) -> str:
        """The text of a page."""
        answer = await self.visitor.http.get(path, headers={**self.headers, "accept": "text/html"})
        assert status == answer.status_code, answer.text
        return answer.text

    async def spend(self, request_id: str, nano: int, **fields: Any) -> None:
        """A request of the person now."""
        row = record(
            request_id,
            person_id=self.person.id,
            started_ms=int(self.visitor.clock.wall() * 1000),
            cost_nano=nano,
            **fields,
        )
        await Journal(self.visitor.gateway.database).settle(row)


async def member(visitor: Visitor, name: str, **fields: Any) -> Member:
    """A new person of that name, signed in."""
    person = await add_person(visitor.gateway, name)
    if fields:
        person = await visitor.gateway.people.edit_person(name, lambda person: attrs.evolve(person, **fields))
    return Member(visitor, person, await signed_in(visitor.gateway, person))


def test_a_person_makes_a_token_that_is_theirs(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        made = await ada.ask("POST", "/tokens", {"name": "laptop", "quota": "5"}, status=201)
        token = visitor.gateway.registry.tokens.get(made["id"])
        assert (ada.person.id, 5 * NANO, "default") == (token.person_id, token.quota_nano, token.group)
        assert ("laptop", "Ada: laptop") == (made["name"], token.name)
        answer = await visitor.http.get("/v1/models", headers={"authorization": f"Bearer {made['key']}"})
        assert 200 == answer.status_code

    at_console(tmp_path, story)


def test_two_people_may_use_one_name_and_none_learns_of_the_other(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for name in ("Ada", "Bob"):
            person = await member(visitor, name)
            await person.ask("POST", "/tokens", {"name": "laptop"}, status=201)
            assert ["laptop"] == [token["name"] for token in (await person.ask("GET", "/tokens"))["tokens"]]

    at_console(tmp_path, story)


def test_a_person_makes_as_many_tokens_as_they_may(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada", most_tokens=2)
        for name in ("a", "b"):
            await ada.ask("POST", "/tokens", {"name": name}, status=201)
        error = (await ada.ask("POST", "/tokens", {"name": "c"}, status=409))["error"]
        assert "You may have 2 tokens. Delete one, or ask an admin for more." == error["message"]
        await ada.ask("DELETE", "/tokens/a")
        await ada.ask("POST", "/tokens", {"name": "c"}, status=201)

    at_console(tmp_path, story)


@pytest.mark.parametrize("field", ["group", "person", "team", "enabled", "spent_usd", "digest"])
def test_a_person_sets_no_field_that_is_not_theirs_to_set(tmp_path: Path, field: str) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        await ada.ask("POST", "/tokens", {"name": "a", field: "x"}, status=400)
        assert [] == visitor.gateway.registry.tokens.all

    at_console(tmp_path, story)


CEILINGS = {"token_group": "staff", "token_models": ("gpt-*", "o3"), "token_rpm": 60}


def test_a_token_has_the_rights_that_its_maker_may_give(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada", **CEILINGS)
        await ada.ask("POST", "/tokens", {"name": "a"}, status=201)
        await ada.ask("POST", "/tokens", {"name": "b", "models": ["gpt-5", "o3"], "rpm": 9}, status=201)
        tokens = visitor.gateway.registry.tokens.all
        assert [("staff", ("gpt-*", "o3"), 60), ("staff", ("gpt-5", "o3"), 9)] == [
            (token.group, token.models, token.rpm) for token in tokens
        ]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    "fields", [{"models": ["claude-4"]}, {"models": ["*"]}, {"models": ["gpt-5*"]}, {"rpm": 61}, {"rpm": 0}]
)
def test_a_token_that_asks_for_more_than_its_maker_may_give_is_refused(tmp_path: Path, fields: dict[str, Any]) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada", **CEILINGS)
        error = (await ada.ask("POST", "/tokens", {"name": "a", **fields}, status=400))["error"]
        assert error["message"].startswith(next(iter(fields)))

    at_console(tmp_path, story)


def test_a_token_is_disabled_rotated_and_deleted_by_its_owner(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        old = (await ada.ask("POST", "/tokens", {"name": "a"}, status=201))["key"]
        new = (await ada.ask("POST", "/tokens/a/rotate"))["key"]
        assert {"seen": None} == await ada.ask("GET", "/tokens/a/sighting")

        async def status(key: str) -> int:
            answer = await visitor.http.get("/v1/models", headers={"authorization": f"Bearer {key}"})
            return answer.status_code

        assert [401, 200] == [await status(key) for key in (old, new)]
        assert not (await ada.ask("POST", "/tokens/a/disable"))["enabled"]
        assert 401 == await status(new)
        await ada.ask("DELETE", "/tokens/a")
        assert [] == visitor.gateway.registry.tokens.all

    at_console(tmp_path, story)


@pytest.mark.parametrize(("method", "path"), OWN)
def test_what_is_somebody_elses_is_not_there(tmp_path: Path, method: str, path: str) -> None:
    """URL by URL: the answer is the one for what does not exist."""

    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        bob = await member(visitor, "Bob")
        token = await bob.ask("POST", "/tokens", {"name": "secret"}, status=201)
        await bob.spend("req-of-bob", 1, token_id=token["id"], token="Bob: secret")
        (session,) = await bob.ask("GET", "/sessions")
        refs = {"tokens": [token["id"], "secret", "Bob: secret"], "requests": ["req-of-bob"]}
        await Passkeys(visitor.gateway.database).add(
            Passkey(id="key", person_id=bob.person.id, public_key="", sign_count=0, name="", created_at=0)
        )
        refs |= {"sessions": [session["id"]], "passkeys": ["key"]}
        noun = path.split("/")[3]
        for ref in [*refs[noun], "nothing"]:
            answer = await visitor.http.request(
                method, path.replace("{ref}", ref), headers={**ada.headers, "accept": "text/html"}
            )
            assert 404 == answer.status_code
            # The page's address is on it, as it was asked for.
            assert "Bob" not in unquote(answer.text).replace(ref, "")
        assert (1, 1) == (len(await bob.ask("GET", "/sessions")), len(await bob.ask("GET", "/passkeys")))
        assert (await bob.ask("GET", "/tokens/secret"))["enabled"]

    at_console(tmp_path, story)


def test_what_one_used_is_the_sum_of_ones_own_requests(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        bob = await member(visitor, "Bob")
        token = await ada.ask("POST", "/tokens", {"name": "laptop"}, status=201)
        for number, (who, nano) in enumerate([(ada, 10), (ada, 20), (bob, 1000)]):
            usage = Usage(prompt_tokens=7 * nano, completion_tokens=nano)
            await who.spend(
                f"r{number}", nano * NANO, model="gpt-5", usage=usage, token_id=token["id"], token="Ada: laptop"
            )
        await ada.spend("r9", 5 * NANO, model="claude", usage=Usage(prompt_tokens=1), token_id="gone", token="Ada: old")
        used = await ada.ask("GET", "/usage")
        assert (3, 35, 211, 30) == tuple(
            used["total"][name] for name in ("requests", "cost_usd", "prompt_tokens", "completion_tokens")
        )
        assert [("gpt-5", 30), ("claude", 5)] == [(row["model"], row["cost_usd"]) for row in used["models"]]
        assert [("laptop", 30), ("old", 5)] == [(row["token"], row["cost_usd"]) for row in used["tokens"]]
        assert 35 == sum(step["cost_usd"] for step in used["steps"])
        assert "$35" in await ada.page("/console/me")

    at_console(tmp_path, story)


def test_the_records_of_a_person_are_found_by_their_own_index(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        sql = "EXPLAIN QUERY PLAN SELECT * FROM usage_records WHERE person_id = ? AND person_id <> ''"
        rows = await visitor.gateway.database.read(f"{sql} ORDER BY started_ms DESC, id DESC", ("x",))
        plan = " ".join(row["detail"] for row in rows)
        assert ("records_of_persons" in plan, "TEMP B-TREE" in plan) == (True, False), plan

    at_console(tmp_path, story)


def test_ones_requests_are_listed_page_by_page_with_why_they_failed(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        bob = await member(visitor, "Bob")
        for number in range(5):
            await ada.spend(f"a{number}", 1, outcome="error", status=504, error_code="upstream_timeout")
            await bob.spend(f"b{number}", 1)
        first = await ada.ask("GET", "/requests?limit=3")
        rest = await ada.ask("GET", f"/requests?limit=3&before={first['requests'][-1]['request_id']}")
        listed = [row["request_id"] for page in (first, rest) for row in page["requests"]]
        assert (["a4", "a3", "a2", "a1", "a0"], True, False) == (listed, first["more"], rest["more"])
        text = await ada.page("/console/me/requests")
        assert ("The provider did not begin to answer in time." in text, "requests/b0" in text) == (True, False)
        await ada.ask("GET", "/requests?before=b0", status=404)

    at_console(tmp_path, story)


def test_nothing_of_channels_prices_or_other_people_is_on_ones_own_pages(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        bob = await member(visitor, "Bobby")
        await bob.ask("POST", "/tokens", {"name": "zebra"}, status=201)
        token = await ada.ask("POST", "/tokens", {"name": "mine"}, status=201)
        channel = {"name": "hush-hush", "provider": "lmstudio", "base_url": "http://127.0.0.1:9/v1", "models": ["m"]}
        await visitor.call("POST", "/channels", channel, status=201)
        await ada.spend("ra", 1, channel="hush-hush", upstream_model="m-upstream", token_id=token["id"])
        texts = [
            await ada.page(f"/console/me{path}")
            for path in ("", "/account", "/tokens", "/tokens/new", "/tokens/mine", "/requests", "/requests/ra")
        ]
        answers = ("", "/tokens", "/tokens/mine", "/usage", "/requests", "/requests/ra", "/sessions")
        texts += [str(await ada.ask("GET", path)) for path in answers]
        words = ("hush-hush", "m-upstream", "Bobby", "zebra")
        assert [] == [word for word in words for text in texts if re.search(rf"\b{word}\b", text)]

    at_console(tmp_path, story)


def test_more_credit_is_asked_for_and_given(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        bob = await member(visitor, "Bob")
        assert None is (await ada.ask("GET", "/pot"))["credit_usd"]
        await ada.ask("POST", "/credit-requests", {"usd": "-1"}, status=400)
        await ada.ask("POST", "/credit-requests", {"usd": "5", "note": "a demo"}, status=201)
        assert "You asked for $5.00." in await ada.page("/console/me")
        (wish,) = (await visitor.call("GET", "/credit-requests"))["requests"]
        await visitor.call("POST", f"/credit-requests/{wish['id']}/give", {})
        assert 5 == (await ada.ask("GET", "/pot"))["credit_usd"]
        assert ["given"] == [wish["state"] for wish in (await ada.ask("GET", "/credit-requests"))["requests"]]
        assert [] == (await bob.ask("GET", "/credit-requests"))["requests"]
        assert None is (await bob.ask("GET", "/pot"))["credit_usd"]

    at_console(tmp_path, story)


@pytest.mark.parametrize("query", ["person={}", "team=lab", "tag=night", "token=t1", "person_id={}&team_id={}"])
def test_no_filter_shows_a_person_anybody_elses_requests(tmp_path: Path, query: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/teams", {"name": "lab"}, status=201)
        team = visitor.gateway.people.team("lab").id
        ada = await member(visitor, "Ada", team_id=team)
        bob = await member(visitor, "Bob", team_id=team)
        await ada.spend("a0", 1, team_id=team, tags=("night",))
        await bob.spend("bobs-request", 1, team_id=team, tags=("night",))
        asked = query.format(bob.person.id, team)
        for path in ("/api/me/requests", "/console/me/requests", "/console/me"):
            answer = await visitor.http.get(f"{path}?{asked}", headers={**ada.headers, "accept": "text/html"})
            assert (False, True) == ("bobs-request" in answer.text, answer.status_code in (200, 404))
        for path in ("/api/admin/requests", "/console/requests"):
            answer = await visitor.http.get(f"{path}?{asked}", headers={**ada.headers, "accept": "text/html"})
            assert (False, False) == ("bobs-request" in answer.text, answer.status_code == 200)

    at_console(tmp_path, story)


@pytest.mark.parametrize("accept", ["en", "zh"])
def test_own_pages_are_in_the_readers_language(tmp_path: Path, accept: str) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        await ada.spend("ra", 1)
        for path in ("", "/account", "/tokens", "/tokens/new", "/requests", "/requests/ra", "/statement"):
            answer = await visitor.http.get(
                f"/console/me{path}", headers={**ada.headers, "accept": "text/html", "accept-language": accept}
            )
            assert (200, True) == (answer.status_code, f'<html lang="{accept}"' in answer.text)

    at_console(tmp_path, story)
