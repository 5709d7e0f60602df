"""A client of LiteLLM and of gpt-load with its old key and path gets an answer, beside a running server."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.moving.peers import PEERS, expected, requires_peers
from tests.support import rawclient
from tests.support.gateway import Gateway, chat_body
from tests.support.rawclient import Answer
from tests.support.upstream.answers import error_answer, healthy, json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
GENERATED = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
}
CONFIG = """
model_list:
  - {{model_name: gpt-4o, litellm_params: {{model: openai/gpt-4o, api_base: "{url}", api_key: sk-broken}}}}
  - {{model_name: claude-sonnet, litellm_params: {{model: openai/claude, api_base: "{url}", api_key: sk-fine}}}}
  - {{model_name: gpt-4o-mini, litellm_params: {{model: openai/mini, api_base: "{url}", api_key: sk-fine}}}}
router_settings:
  model_group_alias: {{gpt-4: gpt-4o}}
  fallbacks: [{{gpt-4o: [claude-sonnet]}}]
litellm_settings: {{default_fallbacks: [gpt-4o-mini]}}
general_settings: {{master_key: sk-litellm-master-0001}}
"""


def by_path(request: Request) -> Script:
    """An upstream of all makers."""
    if request.path.endswith("/messages"):
        return json_answer(200, MESSAGE)
    if request.path.endswith(":generateContent"):
        return json_answer(200, GENERATED)
    return healthy(request)


def post(gateway: Gateway, key: str, path: str, body: Any) -> Answer:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json", "anthropic-version": "2023-06-01"}
    return rawclient.request(gateway.url, "POST", path, headers, json.dumps(body).encode(), timeout=30)


def litellm(gateway: Gateway, url: str, directory: Path, *options: str) -> Any:
    config = directory / "config.yaml"
    config.write_text(CONFIG.format(url=url))
    return gateway.home.cli("import", "litellm", str(config), *options)


def test_a_client_of_litellm_is_answered_with_its_fallbacks(
    fresh_gateway: Gateway, upstream: Upstream, tmp_path: Path
) -> None:
    def broken_for_one(request: Request) -> Script:
        if request.header("authorization") == "Bearer sk-broken":
            return error_answer(500, "broken")
        return healthy(request)

    upstream.default = broken_for_one
    done = litellm(fresh_gateway, upstream.url, tmp_path)
    assert (0, "") == (done.code, done.stderr)
    assert "sk-" not in done.stdout
    for model in ("gpt-4o", "gpt-4"):
        answer = post(fresh_gateway, "sk-litellm-master-0001", "/v1/chat/completions", chat_body(model))
        assert (200, "claude-sonnet") == (answer.status, answer.header("x-aihub-model")), answer.body
    assert 200 == post(fresh_gateway, "sk-litellm-master-0001", "/chat/completions", chat_body("gpt-9")).status
    assert "mini" == upstream.chats[-1].json()["model"]


@requires_peers
def test_every_key_of_litellm_opens_what_it_opened(fresh_gateway: Gateway, upstream: Upstream, tmp_path: Path) -> None:
    database = expected("litellm")["database"]
    options = ("--database", str(PEERS / "litellm" / "tables.sql"), "--salt-key", database["LITELLM_SALT_KEY"])
    assert 0 == litellm(fresh_gateway, upstream.url, tmp_path, *options).code
    refused = {"expired": 401, "blocked": 401, "generated": 402}
    asked = {
        key["name"]: post(fresh_gateway, key["key"], "/v1/chat/completions", chat_body("gpt-4o")).status
        for key in database["keys"]
    }
    assert {key["name"]: refused.get(key["name"], 200) for key in database["keys"]} == asked
    other = next(key["key"] for key in database["keys"] if key["name"] == "models-only")
    assert 403 == post(fresh_gateway, other, "/v1/chat/completions", chat_body("gpt-4.1")).status


def gpt_load(directory: Path, file: str, url: str) -> Path:
    """A copy of the database whose upstreams are one on this machine."""
    copy = directory / file
    shutil.copy(PEERS / "gpt-load" / file, copy)
    copy.chmod(0o600)
    with closing(sqlite3.connect(copy)) as database, database:
        upstreams = json.dumps([{"url": url.removesuffix("/v1"), "weight": 1}])
        database.execute("UPDATE groups SET upstreams = ? WHERE group_type = 'standard'", (upstreams,))
    return copy


@requires_peers
@pytest.mark.parametrize("file", ["gpt-load.db", "gpt-load-encrypted.db"])
def test_a_client_of_gpt_load_is_answered_at_its_old_address(
    fresh_gateway: Gateway, upstream: Upstream, tmp_path: Path, file: str
) -> None:
    upstream.default = by_path
    wanted = expected("gpt-load")[file]
    options = ["--encryption-key", wanted["ENCRYPTION_KEY"]] if "ENCRYPTION_KEY" in wanted else []
    done = fresh_gateway.home.cli("import", "gpt-load", str(gpt_load(tmp_path, file, upstream.url)), *options)
    assert (0, "") == (done.code, done.stderr)
    assert "sk-" not in done.stdout
    for call, status in wanted["verified"].items():
        key, _, path = call.partition(" on ")
        if "generateContent" in path:
            # Gemini's own API is served to nobody here: the client is told so, and what to ask instead.
            told = post(fresh_gateway, key, path, {"contents": []})
            assert (404, True) == (told.status, "/v1/chat/completions" in told.body.decode())
            assert 404 == post(fresh_gateway, key, "/proxy/gemini/v1beta/models/m:generateContent", {}).status
            # OpenAI's API, which its groups of Gemini serve too, is served at the same address.
            old = "/proxy/gemini/v1beta/openai/chat/completions"
            assert 200 == post(fresh_gateway, key, old, chat_body("gemini-2.0-flash")).status
            continue
        model = "claude-3-5-haiku-20241022" if path.endswith("/messages") else "fast"
        answer = post(fresh_gateway, key, path, {**chat_body(model), "max_tokens": 9})
        assert status == answer.status, (call, answer.body)
    assert "gpt-4o-mini" in {request.json().get("model") for request in upstream.chats}
    assert {"lab"} <= {request.header("x-team") for request in upstream.chats}


@requires_peers
def test_a_dry_run_and_a_wrong_key_change_nothing(fresh_gateway: Gateway, upstream: Upstream, tmp_path: Path) -> None:
    copy = str(gpt_load(tmp_path, "gpt-load-encrypted.db", upstream.url))
    key = expected("gpt-load")["gpt-load-encrypted.db"]["ENCRYPTION_KEY"]
    before = fresh_gateway.admin("GET", "/channels").body, fresh_gateway.admin("GET", "/tokens").body
    dry = fresh_gateway.home.cli("import", "gpt-load", copy, "--encryption-key", key, "--dry-run")
    wrong = fresh_gateway.home.cli("import", "gpt-load", copy, "--encryption-key", "another")
    assert (0, 2) == (dry.code, wrong.code)
    assert "would come along" in dry.stdout
    assert 1 == len(wrong.stderr.splitlines())
    assert before == (fresh_gateway.admin("GET", "/channels").body, fresh_gateway.admin("GET", "/tokens").body)
