"""Claude Code and Codex themselves, set up with what Connect shows, work through the gateway on a chat upstream."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.served.messages import claude_events, claude_stream, text_block
from tests.served.sdk.conftest import built
from tests.served.sdk.setups import Place, Run, claude_code, codex, ran
from tests.served.sdk.toolchains import CODING
from tests.support.books import Record
from tests.support.gateway import Gateway
from tests.support.upstream.answers import USAGE, chat_chunk, chat_stream, error_answer, json_answer, sse, usage_chunk
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Step

WORD = "mimosa"
"""What the tool prints, so that nobody can guess it."""
TASK = "Say what the tool says."
SIGNATURE = "c2lnbmVk"
OVERFLOW = "This model's maximum context length is 10 tokens."
SOON = 30.0
"""Seconds: both take less than ten of them."""
MOST_IN_OUTAGE = 12
"""Requests of Codex: two for each of six streams, over nine seconds, in which a restarted gateway is there again."""
COMMAND = "printf mim; printf osa"


@attrs.frozen
class Tool:
    """One coding tool. `shell` is its own tool that runs commands, `argument` where the command goes."""

    name: str
    surface: str
    shell: str
    argument: str
    overflow: str
    """What it says of a conversation that is too long, once it has understood that it is."""
    set_up: Callable[[Place], Run]


CODEX = Tool("Codex", "responses", "exec_command", "cmd", "room in the model's context window", codex)
CLAUDE_CODE = Tool("Claude Code", "messages", "Bash", "command", "Prompt is too long", claude_code)
TOOLS = (CODEX, CLAUDE_CODE)


@attrs.define(eq=False)
class Desk:
    """Where the tools work: one gateway, one upstream with two models, an empty directory for each run."""

    gateway: Gateway
    upstream: Upstream
    model: str
    broken: str
    claude: Upstream
    claude_model: str
    target: Path
    home: Path

    def run(self, tool: Tool, model: str, key: str = "") -> subprocess.CompletedProcess[str]:
        """The tool on its task, with its settings as they are shown."""
        home = self.home / f"{tool.name}-{model}".replace(" ", "-")
        place = Place(self.target, home, self.gateway.url, key or self.gateway.add_token(), model, TASK)
        place.work.mkdir(parents=True)
        return ran(tool.set_up(place), place)

    def records(self, model: str) -> list[Record]:
        """What was booked for a model."""
        return self.gateway.books.records(model)


def answered(request: Request) -> Sequence[Step]:
    """A model that calls the shell once and then says what it heard."""
    body = request.json()
    if body["model"] == "down":
        return error_answer(500, "down")
    if body["model"] == "broken":
        return error_answer(400, OVERFLOW, "context_length_exceeded")
    outputs = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    if outputs:
        return chat_stream(f"The tool says: {WORD if WORD in text_of(outputs[-1]) else 'nothing'}.")
    names = {tool["function"]["name"] for tool in body.get("tools", ())}
    tool = next(tool for tool in TOOLS if tool.shell in names)
    arguments = f'{{"{tool.argument}":"{COMMAND}"}}'
    return sse(
        chat_chunk({"role": "assistant", "content": "Let me ask."}),
        chat_chunk({"tool_calls": [call("call_1", tool.shell, arguments[:7])]}),
        chat_chunk({"tool_calls": [{"index": 0, "function": {"arguments": arguments[7:]}}]}),
        chat_chunk({}, "tool_calls"),
        usage_chunk(),
    )


def claude_answered(request: Request) -> Sequence[Step]:
    """Claude, which does the same, and thinks before."""
    if request.method == "GET":
        return json_answer(200, {"data": []})
    outputs = [part["content"] for part in parts_of(request) if part["type"] == "tool_result"]
    if outputs:
        text = f"The tool says: {WORD if WORD in text_of(outputs[-1]) else 'nothing'}."
        return claude_stream(*claude_events(text_block(text)))
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
    arguments = {"type": "input_json_delta", "partial_json": f'{{"command":"{COMMAND}"}}'}
    signed = {"type": "signature_delta", "signature": SIGNATURE}
    return claude_stream(*claude_events((thinking, signed), (call, arguments), stop="tool_use"))


def parts_of(request: Request) -> list[dict[str, Any]]:
    """All content blocks of a request to Claude."""
    contents = [message["content"] for message in request.json()["messages"]]
    return [part for content in contents if isinstance(content, list) for part in content]


def call(id_: str, name: str, arguments: str) -> dict[str, Any]:
    return {"index": 0, "id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def text_of(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


@pytest.fixture(scope="module")
def desk(sdk_gateway: Gateway, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    target = built(CODING, pytestconfig)
    with Upstream(answered) as upstream, Upstream(claude_answered) as claude:
        model = sdk_gateway.add_channel(upstream.url, models=["coding=healthy"], model="coding")
        broken = sdk_gateway.add_channel(upstream.url, models=["coding-broken=broken"], model="coding-broken")
        named = {"models": ["coding-claude=claude-sonnet-5-5"], "provider": "anthropic"}
        claude_model = sdk_gateway.add_channel(claude.url, model="coding-claude", **named)
        yield Desk(sdk_gateway, upstream, model, broken, claude, claude_model, target, tmp_path_factory.mktemp("desk"))
        assert [] == upstream.errors + claude.errors


@pytest.fixture(scope="module", params=TOOLS, ids=lambda tool: tool.name)
def tool(request: pytest.FixtureRequest) -> Tool:
    chosen: Tool = request.param
    return chosen


@pytest.fixture(scope="module")
def done(tool: Tool, desk: Desk) -> subprocess.CompletedProcess[str]:
    """One run of its task, which many tests look at."""
    return desk.run(tool, desk.model)


def test_what_connect_shows_makes_the_tool_work(done: subprocess.CompletedProcess[str]) -> None:
    assert 0 == done.returncode, done.stderr[-4000:]


def test_what_a_command_printed_comes_back_to_the_model(done: subprocess.CompletedProcess[str]) -> None:
    assert f"The tool says: {WORD}." in done.stdout


def test_every_request_of_the_tool_is_booked(tool: Tool, desk: Desk, done: subprocess.CompletedProcess[str]) -> None:
    records = [record for record in desk.records(desk.model) if record.surface == tool.surface]
    counts = (USAGE["prompt_tokens"], USAGE["completion_tokens"])
    assert 2 <= len(records)
    assert {("ok", *counts, "upstream")} == {
        (record.outcome, record.prompt_tokens, record.completion_tokens, record.usage_source) for record in records
    }


def test_a_conversation_that_is_too_long_is_understood_as_such(tool: Tool, desk: Desk) -> None:
    failed = desk.run(tool, desk.broken)
    assert tool.overflow in failed.stdout + failed.stderr


@pytest.mark.parametrize(
    ("model", "key"), [("coding-mistyped", "sk-mistyped"), ("nobody-has-it", "")], ids=["key", "model"]
)
def test_what_the_user_mistyped_is_told_soon(tool: Tool, desk: Desk, model: str, key: str) -> None:
    """Claude Code was silent for over 90 s after a wrong key; Codex asked 30 times for a model that nobody has."""
    started = time.monotonic()
    failed = desk.run(tool, model, key)
    assert time.monotonic() - started < SOON
    told = failed.stdout + failed.stderr
    assert any(word in told for word in ("API key", "No available channel", "issue with the selected model")), told


def test_codex_does_not_hammer_while_nothing_works(desk: Desk) -> None:
    """It asked 30 times: five times over for each of six streams, each time after all channels had been tried."""
    model = desk.gateway.add_channel(desk.upstream.url, models=["coding-down=down"], model="coding-down")
    failed = desk.run(CODEX, model)
    assert failed.returncode
    assert 0 < len(desk.records(model)) <= MOST_IN_OUTAGE


def test_claude_code_works_with_claude_itself(desk: Desk) -> None:
    done = desk.run(CLAUDE_CODE, desk.claude_model)
    assert (0, f"The tool says: {WORD}.") == (done.returncode, done.stdout.strip()), done.stderr
    signatures = [part["signature"] for part in parts_of(desk.claude.chats[-1]) if part["type"] == "thinking"]
    assert [SIGNATURE] == signatures
