"""The keys of a channel one by one, over the admin API."""

from __future__ import annotations

from pathlib import Path

from tests.support.upstream.scripted import Upstream
from tests.web.admin.desk import Desk, at_desk

CHANNEL = {"name": "one", "provider": "openai", "base_url": "https://x.example/v1", "models": ["m"]}
KEYS = ["sk-first-0123456789aaaa", "sk-second-0123456789bbbb"]


def test_a_new_key_never_takes_the_id_of_one_that_is_gone(tmp_path: Path) -> None:
    """A late refusal of the old key, or what it had spent, would have been the new one's."""

    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", {**CHANNEL, "keys": KEYS}, status=201)
        await desk.call("DELETE", "/channels/one/keys/k2")
        added = await desk.call("POST", "/channels/one/keys", {"keys": ["env:A"]})
        replaced = await desk.call("PATCH", "/channels/one", {"keys": ["env:B"]})
        assert (["k1", "k3"], ["k4"]) == tuple([key["id"] for key in each["keys"]] for each in (added, replaced))

    at_desk(tmp_path, story, {"A": "sk-a", "B": "sk-b"})


def test_an_id_that_was_removed_first_after_a_start_is_not_given_out_again(tmp_path: Path) -> None:
    async def first(desk: Desk) -> None:
        await desk.call("POST", "/channels", {**CHANNEL, "keys": KEYS}, status=201)

    async def second(desk: Desk) -> None:
        await desk.call("DELETE", "/channels/one/keys/k2")
        added = await desk.call("POST", "/channels/one/keys", {"keys": ["env:A"]})
        assert ["k1", "k3"] == [key["id"] for key in added["keys"]]

    at_desk(tmp_path, first)
    at_desk(tmp_path, second, {"A": "sk-a"})


def test_a_key_that_a_person_disabled_needs_no_attention_while_another_works(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", {**CHANNEL, "keys": KEYS}, status=201)
        answer = await desk.call("POST", "/channels/one/keys/k1/disable")
        attention = (await desk.call("GET", "/overview"))["attention"]
        kinds = [item["kind"] for item in attention if item["subject"] == "one"]
        assert ([], "ok", False) == (answer["warnings"], answer["state"], "key_disabled" in kinds)

    at_desk(tmp_path, story)


def test_a_person_s_switch_outlasts_an_answer_that_was_under_way(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        made = await desk.call("POST", "/channels", {**CHANNEL, "keys": KEYS}, status=201)
        await desk.call("POST", "/channels/one/keys/k1/disable")
        await desk.gateway.registry.channels.enable_key(made["id"], "k1")
        shown = await desk.call("GET", "/channels/one")
        assert "disabled by the operator" == shown["keys"][0]["disabled"]

    at_desk(tmp_path, story)


def test_what_no_key_is_named_by_is_refused(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", {**CHANNEL, "keys": KEYS}, status=201)
        assert "no such key" in await desk.refused("DELETE", "/channels/one/keys/k9", status=404)
        assert "keys: must not be empty" == await desk.refused("POST", "/channels/one/keys", {"keys": []})
        assert "keys" in await desk.refused("POST", "/channels/one/keys", {"key": "sk-x"})

    at_desk(tmp_path, story)


def test_a_part_of_an_object_is_changed_and_the_rest_of_it_stays(tmp_path: Path) -> None:
    """A PATCH of one clock put all others back."""

    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", {**CHANNEL, "clocks": {"idle": 9, "total": 60}}, status=201)
        part = await desk.call("PATCH", "/channels/one", {"clocks": {"idle": None, "connect": 2}})
        whole = await desk.call("PATCH", "/channels/one", {"clocks": None})
        none = {"connect": None, "first_byte": None, "answer": None, "idle": None, "total": None}
        assert ({**none, "connect": 2, "total": 60}, none) == (part["clocks"], whole["clocks"])

    at_desk(tmp_path, story)


def test_limits_of_a_key_are_its_own(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", {**CHANNEL, "keys": KEYS, "rpm": 60}, status=201)
        limited = await desk.call("PATCH", "/channels/one/keys/k1", {"rpm": 30, "concurrency": 2})
        limited = await desk.call("PATCH", "/channels/one/keys/k1", {"concurrency": None})
        assert [(60, 30, None)] == [(limited["rpm"], *(key["rpm"] for key in limited["keys"]))]
        assert [(None, 60), ("k1", 30)] == [(row["key"], row["of"]) for row in limited["used"]]
        says = await desk.refused("PATCH", "/channels/one/keys/k1", {"rpm": -1})
        assert says.startswith("rpm: ")

    at_desk(tmp_path, story)


def test_an_application_in_a_variable_goes_to_no_upstream_that_would_read_it_as_a_key(
    tmp_path: Path, upstream: Upstream
) -> None:
    """It was sent there as it is: a secret in a header of somebody else's."""
    said = "APPLICATION holds entra:…, which is for channels of type azure"

    async def story(desk: Desk) -> None:
        body = {"name": "one", "provider": "openai", "base_url": upstream.url, "keys": ["env:APPLICATION"]}
        message = await desk.refused("POST", "/channels", {**body, "models": []}, status=400)
        assert f"keys: {said}" == message
        answer = await desk.call("POST", "/channels", {**body, "models": ["m"]}, status=201)
        assert ([f"keys: env:APPLICATION: {said}"], "no usable key") == (answer["warnings"], answer["state"])
        tested = await desk.call("POST", "/channels/one/test", {})
        assert (False, said) == (tested["ok"], tested["keys"][0]["error"])
        explained = await desk.call("GET", "/route?model=m")
        assert [f"no key can be used: k1: {said}"] == [row["why"] for row in explained["channels"]]
        assert [] == upstream.requests

    at_desk(tmp_path, story, {"APPLICATION": "entra:tenant/client/secret-0123456789"})


def test_half_an_application_in_a_variable_is_said_to_be_one(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        base_url = "https://our.openai.azure.com"
        body = {"name": "one", "provider": "azure", "base_url": base_url, "keys": ["env:HALF"], "models": ["m"]}
        answer = await desk.call("POST", "/channels", body, status=201)
        said = "HALF holds entra:… without TENANT/CLIENT/SECRET, or with a variable that is not set"
        assert [f"keys: env:HALF: {said}"] == answer["warnings"]

    at_desk(tmp_path, story, {"HALF": "entra:tenant/client"})
