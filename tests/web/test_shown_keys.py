"""An upstream's key of any form is nowhere to be seen: no page, list, file or log line holds a part of it (T-70)."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.upstream.answers import error_answer
from tests.support.upstream.scripted import Upstream
from tests.web.admin.desk import framed_routes
from tests.web.console.visitor import Visitor, at_console
from tests.web.test_echoed_keys import KEYS, parts_in

pytestmark = [pytest.mark.attack("T-70"), pytest.mark.extended]

STATUSES = (400, 401, 402, 403, 404, 429, 500)
SEEN = ("/api/admin", "/console")
UNSEEN = ("/api/admin/backup", "/console/static", "/console/enter", "/console/oidc", "/console/doctor/stream")
"""A backup is the database, with all keys, and says so; the others know of no channel."""
PLACES = {
    "tokens": "t",
    "channels": "c",
    "models": "m",
    "routes": "r",
    "named": "r",
    "people": "p",
    "teams": "g",
    "pots": "p",
    "credits": "p",
    "alerts": "a",
}
"""What the pages of one thing are asked for, by the list that it stands in."""


def bodies(key: str) -> list[dict[str, Any]]:
    """Channels that cannot be, each with the key somewhere where keys are put, or by mistake."""
    fine = {"name": "d", "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "models": ["n"]}
    return [
        {**fine, "keys": [f"{key}\n{key}"]},
        {**fine, "keys": [f"{key} ü"]},
        {**fine, "keys": [key, [key]]},
        {**fine, "keys": key},
        {**fine, "keys": {key: key}},
        {**fine, "key": key},
        {**fine, "base_url": f"http://me:{key}@127.0.0.1:9/v1"},
        {**fine, "base_url": f"http://127.0.0.1:9/v1?key={key}"},
    ]


async def shown(visitor: Visitor) -> list[str]:
    """Every page and every answer of the admin API that there is to read."""
    (record, *_) = (await visitor.call("GET", "/records"))["records"]
    texts = []
    for route in await framed_routes(visitor.app):
        if "GET" not in (route.methods or ()) or not route.path.startswith(SEEN) or route.path.startswith(UNSEEN):
            continue
        thing = route.path.split("/{")[0].rpartition("/")[2]
        path = re.sub(r"\{[^}]*\}", PLACES.get(thing, record["request_id"]), route.path).replace("//", "/")
        answer = await visitor.http.get(path, params={"model": "m"}, headers={"authorization": f"Bearer {visitor.key}"})
        assert answer.status_code not in (401, 404, 500), (path, answer.text)
        texts.append(answer.text)
    return texts


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_no_page_list_file_or_log_line_shows_a_key(tmp_path: Path, caplog: pytest.LogCaptureFixture, key: str) -> None:
    """It was looked for by the beginnings of well-known keys, which a reseller's 64 hex digits do not have."""
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        with Upstream() as upstream:
            channel = {"name": "c", "provider": "openai", "base_url": upstream.url, "models": ["m"], "keys": [key]}
            await visitor.call("POST", "/channels", channel, status=201)
            token = (await visitor.call("POST", "/tokens", {"name": "t"}, status=201))["key"]
            await visitor.call("POST", "/people", {"name": "p"}, status=201)
            await visitor.call("POST", "/teams", {"name": "g"}, status=201)
            await visitor.call("POST", "/alerts", {"name": "a", "url": "http://127.0.0.1:9/hook"}, status=201)
            await visitor.call("POST", "/routes", {"name": "r", "steps": [{"model": "m"}]}, status=201)
            for status in STATUSES:
                upstream.default = error_answer(status, f"Refused: {key} is no key.", key)
                asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
                headers = {"authorization": f"Bearer {token}"}
                answer = await visitor.http.post("/v1/chat/completions", json=asked, headers=headers)
                seen.append(f"{answer.headers} {answer.text}")
                seen.append(str(await visitor.call("POST", "/channels/c/test", {})))
                seen.extend(await shown(visitor))
        for body in bodies(key):
            refused = await visitor.http.post(
                "/api/admin/channels", json=body, headers={"authorization": f"Bearer {visitor.key}"}
            )
            assert 400 == refused.status_code, (body, refused.text)
            seen.append(refused.text)
        registry = visitor.gateway.registry
        seen.append(repr(registry.channels.all))

    at_console(tmp_path, story)

    text = "\n".join([*seen, caplog.text])
    assert "Refused: [key] is no key." in text
    assert [] == parts_in(text, key)
