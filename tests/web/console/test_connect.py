"""What Connect shows, read as each client reads it.

What a client's documentation says of its files (read in November 2026) stands here: a name that it does not know is
refused, as clients pass over it without a word.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from aihub_lite.web.console.connect import CLIENTS, WINDOWS, pieces
from tests.support.connect import shown
from tests.web.console.visitor import Visitor, at_console

ROOT = "http://gateway:4242"
MODEL = "@vendor/model-1.5:free"
KEY = "sk-1234"


def code(name: str, window: int | None = None) -> str:
    """A client's code with everything filled in."""
    return shown(name, ROOT, KEY, MODEL, window)


def only(known: set[str], said: dict[str, Any], required: set[str]) -> dict[str, Any]:
    """What is said, where all of it is known and nothing is missing."""
    assert required <= said.keys() <= known
    return said


def exports(text: str) -> tuple[dict[str, str], list[str]]:
    """The variables that lines for a shell set, and the command after them."""
    *lines, command = [shlex.split(line) for line in text.splitlines()]
    assert all(line[0] == "export" and len(line) == 2 for line in lines)
    return dict(line[1].split("=", 1) for line in lines), command


def test_every_name_in_a_snippet_is_filled_in() -> None:
    for client in CLIENTS:
        for text in (client.code, *(value for _, value in client.fields)):
            parts = pieces(text, "http://gateway")
            assert {"key", "model", *WINDOWS} >= set(parts[1::2])
            assert [] == re.findall(r"\{(?:root|key|model|\w+_window)\}", "".join(parts[::2]))


def test_continues_file_is_complete() -> None:
    """docs.continue.dev/reference; without name, version and schema Continue read nothing of the file."""
    config = only(
        {"name", "version", "schema", "models"}, yaml.safe_load(code("Continue")), {"name", "version", "schema"}
    )
    assert ("1.0.0", "v1") == (config["version"], config["schema"])
    (model,) = config["models"]
    only({"name", "provider", "model", "apiBase", "apiKey"}, model, {"name", "provider", "model"})
    assert ("openai", MODEL, f"{ROOT}/v1", KEY) == tuple(
        model[name] for name in ("provider", "model", "apiBase", "apiKey")
    )


def test_librechats_file_is_complete() -> None:
    """librechat.ai/docs/configuration/librechat_yaml; without a version LibreChat did not take the file."""
    config = only({"version", "endpoints"}, yaml.safe_load(code("LibreChat")), {"version", "endpoints"})
    assert "1.3.5" == config["version"]
    (endpoint,) = config["endpoints"]["custom"]
    only({"name", "apiKey", "baseURL", "models"}, endpoint, {"name", "apiKey", "baseURL", "models"})
    assert (KEY, f"{ROOT}/v1") == (endpoint["apiKey"], endpoint["baseURL"])
    assert {"default": [MODEL], "fetch": True} == endpoint["models"]


@pytest.mark.parametrize("window", [None, 128_000])
def test_codexs_file_says_how_much_a_model_can_read_where_that_is_known(window: int | None) -> None:
    """developers.openai.com/codex/config-reference; keys of the root stand before the first table."""
    config = tomllib.loads(code("Codex", window))
    known = {"model", "model_provider", "model_providers", "model_context_window"}
    only(known, config, {"model", "model_provider", "model_providers"})
    provider = config["model_providers"][config["model_provider"]]
    address = {"name": "aihub-lite", "base_url": f"{ROOT}/v1", "env_key": "AIHUB_KEY", "wire_api": "responses"}
    assert {**address, "request_max_retries": 1} == provider
    assert (MODEL, window) == (config["model"], config.get("model_context_window"))


@pytest.mark.parametrize("window", [None, 128_000])
def test_claude_code_is_told_how_much_a_model_can_read_where_that_is_known(window: int | None) -> None:
    """It took names that it did not know for models of a million tokens, and never made a long conversation shorter."""
    variables, command = exports(code("Claude Code", window))
    names = {"ANTHROPIC_MODEL": MODEL, "ANTHROPIC_DEFAULT_HAIKU_MODEL": MODEL}
    access = {"ANTHROPIC_BASE_URL": ROOT, "ANTHROPIC_AUTH_TOKEN": KEY}
    size = {} if window is None else {"CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(window)}
    assert ({**access, **names, **size}, ["claude"]) == (variables, command)


def test_what_a_shell_is_told_is_what_the_tools_read() -> None:
    """aider.chat/docs/llms/openai-compat, qwenlm.github.io/qwen-code-docs."""
    base = f"{ROOT}/v1"
    assert ({"OPENAI_API_BASE": base, "OPENAI_API_KEY": KEY}, ["aider", "--model", f"openai/{MODEL}"]) == exports(
        code("Aider")
    )
    assert ({"OPENAI_BASE_URL": base, "OPENAI_API_KEY": KEY, "OPENAI_MODEL": MODEL}, ["qwen"]) == exports(
        code("Qwen Code")
    )


def test_opencodes_file_names_a_provider_and_its_model() -> None:
    """opencode.ai/docs/providers."""
    config = only({"$schema", "provider"}, json.loads(code("opencode")), {"provider"})
    (provider,) = config["provider"].values()
    only({"npm", "name", "options", "models"}, provider, {"npm", "options", "models"})
    assert {"baseURL": f"{ROOT}/v1", "apiKey": KEY} == provider["options"]
    assert [MODEL] == list(provider["models"])


def test_llms_line_asks_the_model() -> None:
    """llm.datasette.io."""
    command = ["llm", "openai", "endpoint", f"{ROOT}/v1", "--key", KEY, "-m", MODEL, "Hello!"]
    assert command == shlex.split(code("llm"))


def test_programs_are_programs() -> None:
    for name in ("Python", "LangChain"):
        ast.parse(code(name))
    command = shlex.split(code("curl").replace("\\\n", ""))
    assert MODEL == json.loads(command[-1])["model"]


def test_a_window_stands_on_the_page_where_it_is_known(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        for model, is_shown in (("gpt-4o", True), ("nobody-knows-this", False)):
            channel = {"name": model, "provider": "openai", "keys": ["sk-x"], "models": [model]}
            await visitor.call("POST", "/channels", channel, status=201)
            token = await visitor.call("POST", "/tokens", {"name": model, "models": [model]}, status=201)
            text = await visitor.page(f"/console/tokens/{token['id']}")
            lines = ("CLAUDE_CODE_MAX_CONTEXT_TOKENS=128000\n", "model_context_window = 128000\n")
            assert {is_shown} == {f">export {line}<" in text or f">{line}<" in text for line in lines}

    at_console(tmp_path, story)
