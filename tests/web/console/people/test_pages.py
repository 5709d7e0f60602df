"""What the pages of people, teams and the audit log show."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from litestar.routes import HTTPRoute

from aihub_lite.storage.journal import Journal
from aihub_lite.storage.requests.refusals import Refusals
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.trail import READS, TELL_ALL
from tests.storage.facts import record
from tests.storage.requests.test_refusals import refusal
from tests.web.admin.desk import framed_routes
from tests.web.console.visitor import Visitor, at_console

CHINESE = LANGUAGES["zh"]
ODD = "A\"'><img src=x onerror=alert(1)>{{7*7}}"


async def furnished(visitor: Visitor, name: str = "Ada", team: str = "lab") -> str:
    """A person in a team, with a token each; the person's id."""
    await visitor.call("POST", "/teams", {"name": team}, status=201)
    made = await visitor.call("POST", "/people", {"name": name, "team": team, "email": "ada@example.org"}, status=201)
    await visitor.call("POST", "/tokens", {"name": "hers", "person": name}, status=201)
    await visitor.call("POST", "/tokens", {"name": "shared", "team": team}, status=201)
    await visitor.sign_in()
    return str(made["id"])


def test_a_person_is_shown_with_team_and_tokens_in_both_languages(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        person = await furnished(visitor)
        for language, invite in (("en", "Invitation link"), ("zh", "邀请链接")):
            text = await visitor.page(f"/console/people/{person}", accept_language=language)
            assert (True, True, True) == ("hers" in text, "shared" not in text, invite in text)
            assert f'data-invite="{person}"' in text
            assert "ada@example.org" in await visitor.page("/console/people", accept_language=language)
            team = await visitor.page("/console/people/teams/lab", accept_language=language)
            assert (True, True) == ("shared" in team, f"/console/people/{person}" in team)

    at_console(tmp_path, story)


def test_what_a_person_used_is_shown_by_model_on_their_page_and_their_teams(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        person = await furnished(visitor)
        team = visitor.gateway.people.team("lab").id
        started = int(visitor.clock.wall() * 1000) - 60_000
        for number in range(12):
            row = record(f"r{number}", started_ms=started, person_id=person, team_id=team)
            await Journal(visitor.gateway.database).settle(attrs.evolve(row, model=f"model-{number:02}"))
        await Journal(visitor.gateway.database).settle(record("other", started_ms=started))
        for path in (person, "teams/lab"):
            text = await visitor.page(f"/console/people/{path}")
            assert ("model-09" in text, "model-10" in text, "2 other models" in text) == (True, False, True)
        assert "/console/statistics?by=model&amp;span=7d&amp;team=lab" in text
        assert "2 个模型" in await visitor.page(f"/console/people/{person}", accept_language="zh")

    at_console(tmp_path, story)


def test_people_and_teams_lead_to_what_they_may_spend_and_to_what_was_changed_of_them(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        person = await furnished(visitor)
        team = (await visitor.call("GET", "/teams/lab"))["id"]
        for path, thing in ((person, person), ("teams/lab", team)):
            text = await visitor.page(f"/console/people/{path}")
            for place in (f"/console/pots/{thing}", f"/console/audit?thing={thing}"):
                assert f'href="{place}"' in text
                await visitor.page(place)

    at_console(tmp_path, story)


def test_who_is_disabled_is_offered_no_link(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        person = await furnished(visitor)
        await visitor.call("POST", f"/people/{person}/disable")
        text = await visitor.page(f"/console/people/{person}")
        assert (False, True, True) == ("data-invite" in text, "Disabled" in text, "Owner disabled" in text)

    at_console(tmp_path, story)


@pytest.mark.parametrize("path", ["/console/people", "/console/people/teams", "/console/audit", "/console/people/new"])
def test_the_pages_are_there_before_anybody_is(tmp_path: Path, path: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert "<h1>" in await visitor.page(path)

    at_console(tmp_path, story)


def test_names_are_escaped_on_every_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        person = await furnished(visitor, ODD, ODD)
        team = (await visitor.call("GET", "/teams"))["teams"][0]["id"]
        paths = ("people", f"people/{person}", "people/teams", f"people/teams/{team}", "audit", "tokens", "tokens/hers")
        for path in paths:
            text = await visitor.page(f"/console/{path}")
            assert (False, True) == ("<img" in text, "{{7*7}}" in text)

    at_console(tmp_path, story)


def test_the_form_of_a_token_offers_owners_once_there_are_some(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert 'name="person"' not in await visitor.page("/console/tokens/new")
        await furnished(visitor)
        text = await visitor.page("/console/tokens/hers")
        assert (True, True) == ('name="person" type="text" data-kind="text" value="Ada"' in text, 'value="lab"' in text)
        assert '<a href="/console/people/Ada">' in text

    at_console(tmp_path, story)


def test_the_audit_log_has_words_for_all_that_can_be_done(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        routes = [route for route in await framed_routes(visitor.app) if isinstance(route, HTTPRoute)]
        done = {"sign_in", "sign_out", "failed_sign_in", "accept_invitation", *TELL_ALL}
        for route in routes:
            if route.path_format.startswith(("/api/admin/", "/api/me/")):
                handlers = {method: each for each in route.route_handlers for method in each.http_methods}
                done |= {handler.fn.__name__ for method, handler in handlers.items() if method not in READS}
        assert len(done) > 80
        assert {f"did.{name}" for name in done} == {key for key in CHINESE.texts if key.startswith("did.")}

    at_console(tmp_path, story)


def test_a_chinese_reader_is_told_in_chinese_what_was_done(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await furnished(visitor)
        text = await visitor.page("/console/audit", accept_language="zh")
        assert (True, False) == ("创建令牌" in text, "create token" in text)
        assert "令牌 hers" in text
        assert "create token" in await visitor.page("/console/audit")

    at_console(tmp_path, story)


def test_the_audit_page_shows_before_and_after_and_is_filtered(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await furnished(visitor)
        await visitor.call("PATCH", "/tokens/hers", {"rpm": 17})
        text = await visitor.page("/console/audit")
        assert (True, True) == ("<code>rpm</code>" in text, "17" in text)
        assert "shared" not in await visitor.page("/console/audit?thing=hers")
        assert "Nothing was changed" in await visitor.page("/console/audit?by=Bob")

    at_console(tmp_path, story)


async def used(visitor: Visitor, person: str, team: str) -> None:
    """A request of a person with a tag, one of a team's own, one of nobody's, and a refusal of the person's."""
    started = int(visitor.clock.wall() * 1000) - 60_000
    for request_id, of in (
        ("hers-1", {"person_id": person, "team_id": team, "tags": ("night",)}),
        ("team-1", {"team_id": team}),
        ("none-1", {}),
    ):
        row = attrs.evolve(record(request_id, started_ms=started), model="m-1", **of)
        await Journal(visitor.gateway.database).settle(row)
    refused = refusal(5, started_ms=started - 1000, model="m-2", person_id=person, team_id=team)
    await Refusals(visitor.gateway.database).put([refused])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("person=Ada", ["hers-1", "refused"]),
        ("person=ada@example.org&model=m-1", ["hers-1"]),
        ("team=lab", ["team-1", "hers-1", "refused"]),
        ("team=lab&outcome=refused", ["refused"]),
        ("tag=night", ["hers-1"]),
        ("tag=nigh", []),
        ("person=Ada&tag=night&team=lab", ["hers-1"]),
        ("person=per_gone", []),
    ],
)
def test_requests_are_found_by_person_team_and_tag(tmp_path: Path, query: str, expected: list[str]) -> None:
    async def story(visitor: Visitor) -> None:
        person = await furnished(visitor)
        await used(visitor, person, visitor.gateway.people.team("lab").id)
        rows = (await visitor.call("GET", f"/requests?{query}"))["requests"]
        found = ["refused" if row["outcome"] == "refused" else row["request_id"] for row in rows]
        assert expected == found

    at_console(tmp_path, story)


def test_an_unknown_person_or_team_is_no_filter_that_finds_everything(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await furnished(visitor)
        for query in ("person=Nobody", "team=nowhere"):
            await visitor.call("GET", f"/requests?{query}", status=404)
            assert 404 == (await visitor.get(f"/console/requests?{query}")).status_code

    at_console(tmp_path, story)


def test_pages_of_people_teams_and_statistics_lead_to_their_requests_and_back(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        person = await furnished(visitor)
        await used(visitor, person, visitor.gateway.people.team("lab").id)
        for path, query in ((f"people/{person}", "person=Ada"), ("people/teams/lab", "team=lab")):
            text = await visitor.page(f"/console/{path}")
            assert f'href="/console/requests?{query}"' in text
            assert f'href="/console/requests?{query}&amp;model=m-1&amp;since=7d"' in text
        text = await visitor.page("/console/statistics?by=tag")
        (link,) = re.findall(r'href="(/console/requests\?tag=night[^"]*)"', text)
        listed = await visitor.page(link.replace("&amp;", "&"))
        assert ("hers-1" in listed, "team-1" in listed, 'name="tag" value="night"' in listed) == (True, False, True)
        (shown,) = {*re.findall(r'href="(/console/requests/hers-1[^"]*)"', listed)}
        text = await visitor.page(shown.replace("&amp;", "&"))
        assert 'href="/console/requests?tag=night&amp;since=' in text
        assert (f'href="/console/people/{person}"' in text, 'href="/console/requests?tag=night"' in text) == (
            True,
            True,
        )

    at_console(tmp_path, story)


def test_a_gateway_of_one_is_shown_no_filter_of_people(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/requests")
        assert ("Anybody" in text, "Any team" in text, "Any token" in text) == (False, False, True)
        await furnished(visitor)
        text = await visitor.page("/console/requests?person=Ada")
        assert ("Anybody" in text, "Any team" in text, '<option value="Ada" selected>' in text) == (True, True, True)

    at_console(tmp_path, story)


@pytest.mark.parametrize("path", ["/console/audit", "/console/pots", "/console/pots/gateway", "/console/people/teams"])
def test_pages_that_people_lead_to_mark_its_entry(tmp_path: Path, path: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        marked = re.findall(r'href="([^"]*)" aria-current="page"', await visitor.page(path))
        assert ["/console/people"] == marked

    at_console(tmp_path, story)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_field_that_the_audit_log_is_searched_by_has_a_label(tmp_path: Path, language: str) -> None:
    """One of them said "7d" and nothing else."""

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/audit?by=ann&since=3d", accept_language=language)
        labels = re.findall(r'<label>([^<]+) <input class="input" name="(\w+)"', text)
        said = LANGUAGES[language]
        assert [(said(f"audit.{name}"), name) for name in ("by", "thing", "since")] == labels

    at_console(tmp_path, story)


@pytest.mark.parametrize("path", ["/console/people", "/console/people/teams", "/console/pots", "/console/audit"])
def test_people_teams_budgets_and_the_audit_log_are_tabs_of_each_other(tmp_path: Path, path: str) -> None:
    """From budgets there was a way back, and none to teams."""

    async def story(visitor: Visitor) -> None:
        await furnished(visitor)
        page = await visitor.page(path)
        tabs = page.split('<nav class="segments"', 1)[1].split("</nav>", 1)[0]
        places = re.findall(r'<a href="([^"]+)"( aria-current="true")?>', tabs)
        assert ["/console/people", "/console/people/teams", "/console/pots", "/console/audit"] == [
            place for place, _ in places
        ]
        assert [path] == [place for place, chosen in places if chosen]

    at_console(tmp_path, story)
