"""What upstreams answer, whole and streamed: to every surface, on every wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.fuzz.documents import (
    CHAT_ANSWER,
    CHAT_CHUNKS,
    CLAUDE_ANSWER,
    CLAUDE_EVENTS,
    ERROR,
    GEMINI_ANSWER,
    OTHER_ANSWERS,
    OTHER_EVENTS,
    REQUESTS,
    RESPONSE,
    RESPONSE_EVENTS,
    SMALL_CHAT,
    SMALL_RESPONSES,
    STREAMS,
    WHOLE,
)
from tests.fuzz.house import PROVIDERS, House, open_house
from tests.fuzz.mutations import Mutations
from tests.fuzz.timed import fuzz
from tests.fuzz.upstream import answer, stream
from tests.support.forms import content_type, field, form

CONVERSATIONS = ("/v1/chat/completions", "/v1/messages", "/v1/responses")
FORMS = ("/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/edits")
NATIVE = ("openrouter", "deepseek")
"""Asked for a response in its own words wherever they are."""
MESSAGE = {"model": "MODEL", "max_tokens": 16, "messages": [{"role": "user", "content": "hello"}]}
ASKED: dict[str, list[dict[str, Any]]] = {
    **{path: documents for path, documents in REQUESTS.items() if path != "/v1/messages/count_tokens"},
    "/v1/chat/completions": [SMALL_CHAT],
    "/v1/messages": [MESSAGE],
    "/v1/responses": [SMALL_RESPONSES],
}
MUTATIONS = Mutations(*WHOLE, *STREAMS)
STATUSES = st.sampled_from([200, 200, 200, 200, 200, 200, 400, 404, 413, 422, 429, 500, 503, 302])
TYPES = st.sampled_from(
    [*[b"application/json"] * 9, b"audio/mpeg", b"audio/\xff", b"text/html", b"audio/mpeg\xc3\xa9; x", b"/"]
)
ENDS = st.sampled_from(["data: [DONE]\n\n", "", "data: {", "\n\n\n", "event: x\n\n", "data: null\n\n", "data: []\n\n"])


def usual(path: str, provider: str) -> bool:
    """Whether an answer is read in a way of its own there."""
    return path in CONVERSATIONS or provider == "openai" or (path, provider) == ("/v1/embeddings", "gemini")


PLACES = [(path, provider) for path in sorted({*ASKED, *FORMS}) for provider in PROVIDERS if usual(path, provider)]
"""Where it is asked, and what kind of upstream answers."""


def said(path: str, provider: str, *, streamed: bool) -> list[Any]:
    """What such an upstream says to what is asked there, and what it may say instead."""
    if path not in CONVERSATIONS:
        return [OTHER_EVENTS] if streamed else OTHER_ANSWERS
    whole: Any = CHAT_ANSWER
    events: list[Any] = CHAT_CHUNKS
    if provider == "anthropic":
        whole, events = CLAUDE_ANSWER, CLAUDE_EVENTS
    elif provider == "gemini":
        whole, events = GEMINI_ANSWER, [GEMINI_ANSWER, GEMINI_ANSWER]
    found = [events[:-1], events] if streamed else [whole, whole, whole, ERROR]
    if path == "/v1/responses" and provider in NATIVE:
        found.append(RESPONSE_EVENTS if streamed else RESPONSE)
    return found


def answers(*, streamed: bool) -> st.SearchStrategy[tuple[str, str, Any]]:
    """A place, and something nearly right that is said there."""

    def at(place: tuple[str, str]) -> st.SearchStrategy[tuple[str, str, Any]]:
        path, provider = place
        return st.tuples(st.just(path), st.just(provider), MUTATIONS.of(*said(path, provider, streamed=streamed)))

    return st.sampled_from(PLACES).flatmap(at)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


def asked(path: str, provider: str, *, streamed: bool) -> tuple[bytes, list[tuple[str, str]]]:
    """A good request, and the header that says what it is."""
    if path in FORMS:
        fields = [field("model", provider), field("stream", "true" if streamed else "false"), field("prompt", "p")]
        name = "image" if path.endswith("edits") else "file"
        file = field(name, b"RIFF", "a.wav", "audio/wav")
        return form(*fields, file), [("content-type", content_type())]
    return json.dumps({**ASKED[path][0], "model": provider, "stream": streamed}).encode(), []


def ask(house: House, path: str, provider: str, *, streamed: bool) -> None:
    """Any status but 500, on a channel that is well."""
    for channel in house.gateway.registry.channels.all:
        house.gateway.health.forget(channel.id)
    body, headers = asked(path, provider, streamed=streamed)
    house.ask("POST", path, body, house.key, headers)


def test_no_whole_answer_is_a_fault_of_ours(house: House) -> None:
    """An object as a call's `index` was a 500 on Responses, bytes that are no text in a file's type on speech."""

    def check(given: tuple[tuple[str, str, Any], int, bytes, bool]) -> None:
        (path, provider, document), status, kind, streamed = given
        house.upstream.other = answer(json.dumps(document).encode(), kind, status)
        ask(house, path, provider, streamed=streamed)

    fuzz(st.tuples(answers(streamed=False), STATUSES, TYPES, st.booleans()), check)


def test_no_streamed_answer_is_a_fault_of_ours(house: House) -> None:
    """A list as a choice's `index` was a 500 in a stream of completions."""

    def check(given: tuple[tuple[str, str, Any], str, bool]) -> None:
        (path, provider, events), end, crlf = given
        body = stream(events if isinstance(events, list) else [events], end)
        if crlf:
            body = body.replace(b"\n", b"\r\n")
        house.upstream.other = answer(body, b"text/event-stream")
        ask(house, path, provider, streamed=True)

    fuzz(st.tuples(answers(streamed=True), ENDS, st.booleans()), check)
