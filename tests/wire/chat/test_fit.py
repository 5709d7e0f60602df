"""What is left out for upstreams that would refuse it."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.chat.fit import fit_chat
from aihub_lite.wire.chat.request import chat_request


def fit(
    provider: str, model: str, wire: str = "chat", *, elsewhere: bool = False, **fields: Any
) -> tuple[dict[str, Any], tuple[str, ...]]:
    request = chat_request({"model": "m", "messages": [{"role": "user", "content": "x"}], **fields})
    fitting, dropped = fit_chat(request, wire, PROVIDERS[provider].quirks, model, elsewhere=elsewhere)
    return {name: value for name, value in fitting.body.items() if name not in ("model", "messages")}, dropped


@pytest.mark.parametrize(
    ("provider", "model", "effort", "sent", "dropped"),
    [
        ("openai", "gpt-5", "high", "high", ()),
        ("openai", "gpt-5", "max", "high", ()),
        ("openai", "gpt-5", "none", None, ("thinking",)),
        ("openai", "gpt-5.2", "none", "none", ()),
        ("openai", "gpt-4.1-mini", "high", None, ("thinking",)),
        ("openai", "gpt-4.1-mini", "none", None, ()),
        ("openai", "chatgpt-4o-latest", "low", None, ("thinking",)),
        ("together", "meta-llama/Llama-3.3-70B", "medium", None, ("thinking",)),
        ("ollama", "llama3:8b", "medium", None, ("thinking",)),
        ("ollama", "qwen3-coder:30b", "medium", None, ("thinking",)),
        ("ollama", "my-own-model", "medium", None, ("thinking",)),
        ("ollama", "gpt-oss:20b", "medium", "medium", ()),
        ("mistral", "mistral-large-latest", "medium", None, ("thinking",)),
        ("groq", "openai/gpt-oss-120b", "medium", "medium", ()),
        ("openrouter", "deepseek/deepseek-v3", "none", "none", ()),
    ],
)
def test_an_effort_is_sent_only_where_the_model_takes_it(
    provider: str, model: str, effort: str, sent: str | None, dropped: tuple[str, ...]
) -> None:
    body, missing = fit(provider, model, reasoning_effort=effort)
    assert (sent, dropped) == (body.get("reasoning_effort"), missing)


@pytest.mark.parametrize("odd", [[], {}, ["high"], {"effort": "high"}, 5, True])
def test_an_effort_that_is_no_word_is_left_for_the_upstream_to_judge(odd: Any) -> None:
    """An object in its place, on `/v1/responses`, was answered 500."""
    assert ({"reasoning_effort": odd}, ()) == fit("openai", "gpt-5", reasoning_effort=odd)


SYSTEM = {"role": "system", "content": "Be brief"}
USER = {"role": "user", "content": "Hello"}
NOTE = {"role": "system", "content": "It rains"}
SAID = "<system>\nIt rains\n</system>"
YES = {"role": "assistant", "content": "Yes"}
RESULT = {"role": "tool", "tool_call_id": "c", "content": "done"}
MARK = {"cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([SYSTEM, USER, NOTE], [SYSTEM, {"role": "user", "content": f"Hello\n\n{SAID}"}]),
        ([SYSTEM, NOTE, USER], [{"role": "system", "content": "Be brief\n\nIt rains"}, USER]),
        ([USER, YES, NOTE, USER], [USER, YES, {"role": "user", "content": SAID}, USER]),
        ([USER, YES, RESULT, NOTE], [USER, YES, RESULT, {"role": "user", "content": SAID}]),
        (
            [USER, {"role": "system", "content": [{"type": "text", "text": "It rains", **MARK}]}],
            [{"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "text", "text": SAID, **MARK}]}],
        ),
    ],
)
def test_a_template_that_knows_one_system_message_gets_one(
    messages: list[dict[str, Any]], expected: list[dict[str, Any]]
) -> None:
    request = chat_request({"model": "m", "messages": messages})
    for provider, elsewhere in (("ollama", False), ("openai", True)):
        fitting, dropped = fit_chat(request, "chat", PROVIDERS[provider].quirks, "m", elsewhere=elsewhere)
        assert (expected, ()) == (fitting.body["messages"], dropped)
    for wire, provider in (("chat", "openai"), ("gemini", "gemini")):
        assert messages == fit_chat(request, wire, PROVIDERS[provider].quirks, "m")[0].body["messages"]


def test_top_k_is_sent_only_where_it_is_known() -> None:
    assert ({}, ("top_k",)) == fit("openai", "gpt-5", top_k=5)
    assert ({"top_k": 5}, ()) == fit("vllm", "qwen3", top_k=5)
    assert ({"top_k": 5}, ()) == fit("gemini", "gemini-3-pro", "gemini", top_k=5)


def test_who_asks_is_dropped_without_a_word_where_nobody_wants_to_know() -> None:
    assert ({}, ()) == fit("gemini", "gemini-3-pro", "gemini", user="u", prompt_cache_key="k")
    assert {"user", "prompt_cache_key"} == set(fit("openai", "gpt-5", user="u", prompt_cache_key="k")[0])
    assert ({"user": "u"}, ()) == fit("openai", "gpt-5", elsewhere=True, user="u", prompt_cache_key="k")
    assert ({"user": "u"}, ()) == fit("together", "qwen3", user="u", prompt_cache_key="k")


def test_a_request_that_fits_is_not_copied() -> None:
    request = chat_request({"model": "m", "messages": [{"role": "user", "content": "x"}], "reasoning_effort": "low"})
    assert fit_chat(request, "chat", PROVIDERS["openai"].quirks, "gpt-5")[0] is request
