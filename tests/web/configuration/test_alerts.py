"""Where alerts are sent is part of the file; addresses and secrets that were typed in only where they are sealed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aihub_lite.domain.alerts.destination import AlertDestination
from tests.web.admin.desk import Desk, at_desk, open_desk
from tests.web.configuration.rich import ENVIRON, HOOK, HOOK_SECRET, make_rich
from tests.web.configuration.test_round_trip import applied, exported, names
from tests.web.configuration.test_sealed import WORDS, applied_with, sealed

ONE = '[alerts.ops]\nurl = "https://127.0.0.1:9/a-hook-of-mine"\n'


def destinations(desk: Desk) -> dict[str, AlertDestination]:
    """By name."""
    return {each.name: each for each in desk.gateway.alerts.destinations.by_id.values()}


async def stored(desk: Desk) -> list[AlertDestination]:
    """As they are after a restart."""
    return await desk.gateway.alerts.destinations.stored.load()


def test_a_destination_of_the_file_is_told_of_alerts_from_then_on(tmp_path: Path) -> None:
    async def play() -> None:
        async with open_desk(tmp_path, {}) as desk:
            heard: list[str] = []
            desk.gateway.alerts.destinations.on_change.append(heard.append)
            answer = await applied(desk, f'{ONE}events = ["disk"]\nquiet = "22:00-07:00@UTC"\n')
            assert ["alert destination ops"] == names(answer, "+")
            made = destinations(desk)["ops"]
            assert [made.id] == heard
            assert (("disk",), False, True) == (made.topics, made.urgent, made.enabled)
            assert [{"alert": "ops", "secret": made.secret.value}] == answer["secrets"]
            assert made.secret.value.startswith("whsec_")
            assert [made] == await stored(desk)
        async with open_desk(tmp_path, {}) as desk:
            assert {"ops": made} == destinations(desk)
            again = await applied(desk, f'{ONE}events = ["disk"]\nquiet = "22:00-07:00@UTC"\n')
            assert ([], []) == (again["changes"], again["secrets"])

    asyncio.run(play())


def test_a_dry_run_adds_nothing_and_shows_no_secret(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        answer = await applied(desk, ONE, "?dry_run=true")
        assert (["alert destination ops"], []) == (names(answer, "+"), answer["secrets"])
        assert ({}, []) == (destinations(desk), await stored(desk))

    at_desk(tmp_path, story)


def test_what_is_left_out_of_a_destination_is_as_by_default_but_for_its_secrets(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await applied(desk, f'{ONE}events = ["disk"]\nurgent = true\nenabled = false\n')
        before = destinations(desk)["ops"]
        answer = await applied(desk, "[alerts.ops]\n")
        assert ["alert destination ops"] == names(answer, "~")
        after = destinations(desk)["ops"]
        assert ((), False, True) == (after.topics, after.urgent, after.enabled)
        assert (before.id, before.url, before.secret) == (after.id, after.url, after.secret)
        assert [after] == await stored(desk)

    at_desk(tmp_path, story)


def test_another_address_is_told_as_another_and_not_shown(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await applied(desk, ONE)
        answer = await applied(desk, ONE.replace("a-hook-of-mine", "a-hook-of-yours"))
        assert ["alert destination ops"] == names(answer, "~")
        assert "https://127.0.0.1:9/a-hook-of-yours" == destinations(desk)["ops"].url.value
        entries = (await desk.call("GET", "/audit?limit=100"))["audit"]
        assert ["alert destination", "alert destination"] == [entry["kind"] for entry in entries]
        assert {"apply_configuration"} == {entry["action"] for entry in entries}
        assert "a-hook" not in f"{answer} {entries}"

    at_desk(tmp_path, story)


def test_what_a_file_does_not_name_goes_only_by_prune(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await applied(desk, ONE + ONE.replace("ops", "other"))
        assert [] == (await applied(desk, ONE))["changes"]
        answer = await applied(desk, ONE, "?prune=true")
        assert ["alert destination other"] == names(answer, "-")
        assert ["ops"] == [*destinations(desk)] == [each.name for each in await stored(desk)]

    at_desk(tmp_path, story)


def test_a_wrong_one_is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for text, told in (
            ("[alerts.ops]\n", "alerts.ops.url: is left out"),
            ('[alerts.ops]\nurl = "no address"\n', "alerts.ops.url: must be https://"),
            (f'{ONE}events = ["weather"]\n', "alerts.ops.events: 'weather' is none"),
            (f'{ONE}quiet = "at night"\n', "alerts.ops.quiet: "),
            (f"{ONE}topics = []\n", "alerts.ops.topics: is not known"),
        ):
            message = await desk.refused("POST", "/apply", {"document": "[tokens.ci]\n" + text})
            assert message.startswith(told)
        assert ({}, [], []) == (destinations(desk), await stored(desk), desk.gateway.registry.tokens.all)

    at_desk(tmp_path, story)


def test_addresses_that_were_typed_in_are_left_out_and_go_along_sealed(tmp_path: Path) -> None:
    async def play() -> None:
        async with open_desk(tmp_path / "one", ENVIRON) as desk:
            await make_rich(desk, typed=True)
            document, wanted = await sealed(desk), destinations(desk)
            for text in (await exported(desk), document):
                assert HOOK not in text
                assert HOOK_SECRET not in text
            assert 'url = "env:HOOK"' in await exported(desk)
            assert "url was typed in and is left out" in await exported(desk)
        async with open_desk(tmp_path / "two", ENVIRON) as desk:
            answer = await applied_with(desk, document, WORDS)
            assert HOOK not in str(answer)
            assert [] == answer["secrets"]
        async with open_desk(tmp_path / "two", ENVIRON) as desk:
            found = destinations(desk)
            assert {"ops", "off", "typed"} == {*wanted} == {*found}
            for name, before in wanted.items():
                after = found[name]
                assert (before.url, before.secret, before.topics) == (after.url, after.secret, after.topics)
                assert (before.quiet, before.urgent, before.enabled) == (after.quiet, after.urgent, after.enabled)

    asyncio.run(play())
