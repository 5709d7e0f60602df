"""Channels at Google Vertex AI over the admin API: their place, and credentials in other forms than a key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.upstream.google import EMAIL, PROJECT, service_account
from tests.web.admin.desk import Desk, at_desk

FILE = json.dumps(service_account("https://oauth2.googleapis.com/token"), indent=2)
GLOBAL = f"https://aiplatform.googleapis.com/v1/projects/{PROJECT}/locations/global"


def channel(**fields: Any) -> dict[str, Any]:
    return {"name": "one", "type": "vertex", "models": ["gemini-2.5-flash"], **fields}


def test_a_channel_is_made_of_a_key_file_and_a_region(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        body = channel(keys=[FILE], region="us-east5")
        answer = await desk.call("POST", "/channels", body, status=201)
        place = f"https://us-east5-aiplatform.googleapis.com/v1/projects/{PROJECT}/locations/us-east5"
        assert (place, EMAIL) == (answer["base_url"], answer["keys"][0]["hint"])
        assert [] == answer["warnings"]

    at_desk(tmp_path, story)


def test_a_channel_without_a_key_uses_the_machines_credentials(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert "which Google Cloud project" in await desk.refused("POST", "/channels", channel())
        answer = await desk.call("POST", "/channels", channel(project="p-1"), status=201)
        assert ["application default"] == [key["hint"] for key in answer["keys"]]
        assert "ok" == answer["state"]

    at_desk(tmp_path, story)


def test_a_channel_moves_by_a_patch_and_keeps_what_is_not_given(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel(keys=[FILE]), status=201)
        moved = await desk.call("PATCH", "/channels/one", {"region": "eu"})
        assert GLOBAL.replace("aiplatform.", "aiplatform.eu.rep.").replace("global", "eu") == moved["base_url"]
        assert GLOBAL == (await desk.call("PATCH", "/channels/one", {"region": "global"}))["base_url"]
        assert [EMAIL] == [key["hint"] for key in moved["keys"]]

    at_desk(tmp_path, story)


def test_more_keys_are_read_as_the_first_ones_are(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel(keys=["AIza-0123456789"]), status=201)
        answer = await desk.call("POST", "/channels/one/keys", {"keys": [FILE, "file:/run/secrets/google.json"]})
        assert ["…6789", EMAIL, "file:/run/secrets/google.json"] == [key["hint"] for key in answer["keys"]]
        await desk.refused("POST", "/channels/one/keys", {"keys": [FILE]}, status=409)
        assert "JSON" in await desk.refused("POST", "/channels/one/keys", {"keys": ["{"]})
        replaced = await desk.call("PATCH", "/channels/one", {"keys": [FILE]})
        assert [EMAIL] == [key["hint"] for key in replaced["keys"]]

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    "body",
    [
        channel(base_url="https://proxy.example/v1", project="p-1"),
        channel(project="p/../q"),
        channel(project="p-1", region="evil.example/"),
        {"name": "one", "type": "openai", "models": ["m"], "keys": ["sk-1"], "region": "eu"},
    ],
)
def test_what_is_no_place_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    async def story(desk: Desk) -> None:
        message = await desk.refused("POST", "/channels", body)
        assert message.startswith(("project: ", "region: "))

    at_desk(tmp_path, story, {"OPENAI_API_KEY": "sk-1"})


def test_no_answer_holds_anything_of_a_key_file(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        answers = [
            await desk.call("POST", "/channels", channel(keys=[FILE]), status=201),
            await desk.call("GET", "/channels/one"),
            await desk.call("PATCH", "/channels/one", {"weight": 2}),
        ]
        assert "PRIVATE" not in str(answers)
        assert service_account("")["private_key_id"] not in str(answers)

    at_desk(tmp_path, story)
