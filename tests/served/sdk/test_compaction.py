"""Codex sums a long conversation up at the gateway, and goes on from there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from aihub_lite.wire.responses.items import BEFORE
from tests.served.messages import claude_events, claude_stream, text_block
from tests.served.sdk.conftest import built
from tests.served.sdk.setups import Place, codex, ran
from tests.served.sdk.toolchains import CODING
from tests.support.gateway import Gateway
from tests.support.upstream.answers import chat_chunk, chat_stream, json_answer, sse, usage_chunk
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Step

WORD = "mimosa"
"""Stands in the summary alone."""
LIMIT = 100
"""Tokens from which Codex compacts; the first answer says that it came to more."""
LONG = {"prompt_tokens": 9000, "completion_tokens": 100, "total_tokens": 9100}
USAGE = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
CALL = '{"cmd":"printf x"}'


def answered(request: Request) -> Sequence[Step]:
    """A model that calls the shell once, sums up when it is asked to, and repeats what it then hears of before."""
    body = request.json()
    said = str(body["messages"])
    if BEFORE.strip() in said:
        return chat_stream(f"I hear {WORD if WORD in said else 'nothing'}.", USAGE)
    if not any(message["role"] == "tool" for message in body["messages"]):
        function = {"name": "exec_command", "arguments": CALL}
        call = {"index": 0, "id": "call_1", "type": "function", "function": function}
        return sse(chat_chunk({"tool_calls": [call]}), chat_chunk({}, "tool_calls"), usage_chunk(LONG))
    return chat_stream(f"They spoke of a {WORD}.", USAGE)


def claude_answered(request: Request) -> Sequence[Step]:
    """Claude, which does the same."""
    if request.method == "GET":
        return json_answer(200, {"data": []})
    said = str(request.json()["messages"])
    if BEFORE.strip() in said:
        return claude_stream(*claude_events(text_block(f"I hear {WORD if WORD in said else 'nothing'}.")))
    if "tool_result" not in said:
        call = {"type": "tool_use", "id": "toolu_1", "name": "exec_command", "input": {}}
        events = claude_events((call, {"type": "input_json_delta", "partial_json": CALL}), stop="tool_use")
        events[-2]["usage"] = {"input_tokens": 9000, "output_tokens": 100}
        return claude_stream(*events)
    return claude_stream(*claude_events(text_block(f"They spoke of a {WORD}.")))


def compacting(gateway: Gateway, target: Path, home: Path, model: str) -> CompletedProcess[str]:
    """Codex takes a provider for one that can compact by its name, which is `OpenAI` (codex-rs, ModelProviderInfo)."""
    place = Place(target, home, gateway.url, gateway.add_token(), model, "Run printf x.")
    place.work.mkdir(parents=True)
    run = codex(place)
    named = place.codex_settings.read_text().replace('name = "aihub-lite"', 'name = "OpenAI"')
    place.codex_settings.write_text(f"model_auto_compact_token_limit = {LIMIT}\n{named}")
    return ran(run, place)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_codex_goes_on_from_a_summary_that_was_made_here(
    sdk_gateway: Gateway, pytestconfig: pytest.Config, tmp_path: Path, provider: str
) -> None:
    """It sends `compaction_trigger`, and ends its turn where it gets anything but one sealed item for it (C8)."""
    target = built(CODING, pytestconfig)
    with Upstream({"openai": answered, "anthropic": claude_answered}[provider]) as upstream:
        model = f"compacting-{provider}"
        sdk_gateway.add_channel(upstream.url, model, provider=provider, models=[f"{model}=claude-sonnet-4-5"])

        done = compacting(sdk_gateway, target, tmp_path / "home", model)

        assert (0, f"I hear {WORD}.") == (done.returncode, done.stdout.strip()), done.stderr[-4000:]
        records = [(record.surface, record.outcome) for record in sdk_gateway.books.records(model)]
        assert [("responses", "ok")] * 3 == records
        assert [] == upstream.errors
