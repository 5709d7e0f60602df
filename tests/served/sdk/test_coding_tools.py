"""Claude Code and Codex themselves, set up with what Connect shows, work through the gateway on a chat upstream."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.web.console.connect import CLIENTS
from tests.messages import claude_events, claude_stream, text_block
from tests.sdk.toolchains import CODING, RUN_WITHIN, Unavailable
from tests.support.answers import USAGE, chat_chunk, chat_stream, error_answer, json_answer, sse, usage_chunk
from tests.support.books import Record
from tests.support.gateway import Gateway
from tests.support.received import Request
from tests.support.scripted import Upstream
from tests.support.steps import Step

pytestmark = pytest.mark.sdk
WORD = "mimosa"
"""What the tool prints, so that nobody can guess it."""
TASK = "Say what the tool says."
SIGNATURE = "c2lnbmVk"
OVERFLOW = "This model's maximum context length is 10 tokens."
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
    command: Callable[[Path], tuple[str, ...]]

    @property
    def settings(self) -> str:
        """What Connect shows for it."""
        return next(client.code for client in CLIENTS if client.name == self.name)


def codex(target: Path) -> tuple[str, ...]:
    """No sandbox: the machine that tests run on may have none to offer."""
    program = str(target / "coding" / "node_modules" / ".bin" / "codex")
    return program, "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", TASK


def claude(target: Path) -> tuple[str, ...]:
    """The program itself: its wrapper wants a newer Node than its package does."""
    (program,) = (target / "coding" / "node_modules" / "@anthropic-ai").glob("claude-code-*/claude")
    return str(program), "-p", TASK, "--allowedTools", "Bash"


CODEX = Tool("Codex", "responses", "exec_command", "cmd", "room in the model's context window", codex)
CLAUDE_CODE = Tool("Claude Code", "messages", "Bash", "command", "Prompt is too long", claude)
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

    def run(self, tool: Tool, model: str) -> subprocess.CompletedProcess[str]:
        """The tool on its task, with its settings as they are shown and nothing of ours but PATH."""
        key = self.gateway.add_token()
        said = tool.settings.replace("{root}", self.gateway.url).replace("{key}", key).replace("{model}", model)
        home = self.home / f"{tool.name}-{model}".replace(" ", "-")
        work = home / "work"
        work.mkdir(parents=True)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        quiet = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "AIHUB_KEY": key}
        return subprocess.run(
            tool.command(self.target),
            cwd=work,
            env={**kept, **quiet, "HOME": str(home), **settled(tool, said, home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_WITHIN,
            check=False,
        )

    def records(self, model: str) -> list[Record]:
        """What was booked for a model."""
        return self.gateway.books.records(model)


def settled(tool: Tool, said: str, home: Path) -> dict[str, str]:
    """Settings put where Connect says: a file, or the `export` lines of a shell."""
    if tool.name == "Codex":
        (home / ".codex").mkdir()
        (home / ".codex" / "config.toml").write_text(said)
        return {}
    exports = [shlex.split(line, comments=True)[1] for line in said.splitlines() if line.startswith("export ")]
    return dict(each.split("=", 1) for each in exports)


def answered(request: Request) -> Sequence[Step]:
    """A model that calls the shell once and then says what it heard."""
    body = request.json()
    if body["model"] == "broken":
        return error_answer(400, OVERFLOW, "context_length_exceeded")
    heard = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    if heard:
        return chat_stream(f"The tool says: {WORD if WORD in text_of(heard[-1]) else 'nothing'}.")
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
    heard = [part["content"] for part in parts_of(request) if part["type"] == "tool_result"]
    if heard:
        said = f"The tool says: {WORD if WORD in text_of(heard[-1]) else 'nothing'}."
        return claude_stream(*claude_events(text_block(said)))
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
    arguments = {"type": "input_json_delta", "partial_json": f'{{"command":"{COMMAND}"}}'}
    signed = {"type": "signature_delta", "signature": SIGNATURE}
    return claude_stream(*claude_events((thinking, signed), (call, arguments), stop="tool_use"))


def parts_of(request: Request) -> list[dict[str, Any]]:
    """All content blocks of a request to Claude."""
    said = [message["content"] for message in request.json()["messages"]]
    return [part for content in said if isinstance(content, list) for part in content]


def call(id_: str, name: str, arguments: str) -> dict[str, Any]:
    return {"index": 0, "id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def text_of(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


@pytest.fixture(scope="module")
def desk(sdk_gateway: Gateway, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    cache = pytestconfig.cache
    assert cache is not None
    try:
        target = CODING.built(cache.mkdir("sdk"))
    except Unavailable as reason:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(reason))
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


def test_what_connect_shows_does_not_make_the_tool_work(done: subprocess.CompletedProcess[str]) -> None:
    assert 0 == done.returncode, done.stderr[-4000:]


def test_what_a_command_printed_does_not_come_back_to_the_model(done: subprocess.CompletedProcess[str]) -> None:
    assert f"The tool says: {WORD}." in done.stdout


def test_requests_of_the_tool_are_not_booked(tool: Tool, desk: Desk, done: subprocess.CompletedProcess[str]) -> None:
    records = [record for record in desk.records(desk.model) if record.surface == tool.surface]
    counts = (USAGE["prompt_tokens"], USAGE["completion_tokens"])
    assert 2 <= len(records)
    assert {("ok", *counts, "upstream")} == {
        (record.outcome, record.prompt_tokens, record.completion_tokens, record.usage_source) for record in records
    }


def test_a_conversation_that_is_too_long_is_not_understood_as_such(tool: Tool, desk: Desk) -> None:
    failed = desk.run(tool, desk.broken)
    assert tool.overflow in failed.stdout + failed.stderr


def test_claude_code_does_not_work_with_claude_itself(desk: Desk) -> None:
    done = desk.run(CLAUDE_CODE, desk.claude_model)
    assert (0, f"The tool says: {WORD}.") == (done.returncode, done.stdout.strip()), done.stderr
    signatures = [part["signature"] for part in parts_of(desk.claude.chats[-1]) if part["type"] == "thinking"]
    assert [SIGNATURE] == signatures
