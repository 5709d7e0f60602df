"""A second opinion: llm-rosetta translates the same requests and answers, and every difference was judged.

`judged.toml` beside this file says of each kind of difference who is right. A new one fails, and so does one that is
gone. The library is no oracle, so nothing here says that a translation is right: only that no difference went unseen.
"""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.upstream.answer import chat_of as anthropic_chat_of
from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.request import ChatRequest, parse_chat
from aihub_lite.wire.chat.translated import Translation
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.gemini.answer import chat_of as gemini_chat_of
from tests.support.replay import CHAT_PROVIDERS, Vector, requires_vectors, vectors
from tests.support.upstream import claude
from tests.wire.gemini import gist
from tests.wire.gemini import wire as gemini

rosetta = pytest.importorskip("llm_rosetta", reason="needs llm-rosetta: a second opinion, not installed")
pytestmark = requires_vectors

CHATS = [
    vector
    for vector in vectors("chat", (*CHAT_PROVIDERS, "ollama", "gemini"))
    if vector.request and vector.request.get("messages")
]
LEAVES = frozenset(
    {"input", "args", "input_schema", "parameters", "parametersJsonSchema", "responseJsonSchema", "arguments"}
)
"""Whole values: where in a client's own JSON two of them differ says nothing about a translation."""
NEVER = frozenset({"id", "created", "model", "system_fingerprint", "service_tier"})
"""Of an answer: made up by whoever answers."""


@attrs.frozen
class Wire:
    """One provider, translated by us and by them."""

    name: str
    ours: Callable[[ChatRequest, str], Translation]
    theirs: Any
    model: str
    endpoint: str
    answers: Callable[[Any], dict[str, Any]]
    options: Mapping[str, str] = attrs.field(factory=dict)


WIRES = (
    Wire(
        "anthropic",
        claude.checked,
        rosetta.AnthropicConverter(),
        "claude-sonnet-4-5",
        "messages",
        anthropic_chat_of,
    ),
    Wire(
        "gemini",
        gemini.checked,
        rosetta.GoogleGenerateConverter(),
        "gemini-3-flash-preview",
        "generateContent",
        gemini_chat_of,
        {"output_format": "rest"},
    ),
)
HUB = rosetta.OpenAIChatConverter()


def differences(ours: Any, theirs: Any, at: str = "") -> Iterator[str]:
    """Places without numbers, each with what is the matter there."""
    name = at.rpartition(".")[2]
    if isinstance(ours, dict) and isinstance(theirs, dict) and name not in LEAVES:
        if ours.get("type") != theirs.get("type"):
            yield f"{at}: another type"
            return
        for field in sorted(ours.keys() | theirs.keys()):
            place = f"{at}.{field}".removeprefix(".")
            if field not in ours:
                yield f"{place}: only theirs"
            elif field not in theirs:
                yield f"{place}: only ours"
            else:
                yield from differences(ours[field], theirs[field], place)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for one, other in zip(ours, theirs, strict=True):
            yield from differences(one, other, f"{at}[]")
    elif name == "arguments" and msgspec.json.decode(ours) == msgspec.json.decode(theirs):
        return
    elif ours != theirs:
        yield f"{at}: {difference(ours)}"


def difference(ours: Any) -> str:
    """What is the matter with two values that are not the same."""
    if isinstance(ours, list):
        return "another number"
    return "differs"


def asks_the_network(request: Mapping[str, Any]) -> bool:
    """They fetch images for Gemini."""
    return any(
        part.get("type") == "image_url" and part["image_url"]["url"].startswith("http")
        for message in request["messages"]
        if isinstance(message.get("content"), list)
        for part in message["content"]
    )


def of_request(wire: Wire, request: Mapping[str, Any]) -> Iterator[str]:
    """How our body differs from theirs."""
    data = msgspec.json.encode({**request, "model": wire.model})
    try:
        ours = wire.ours(parse_chat(data), wire.model).body
    except InvalidRequest:
        yield "only they take it"
        return
    try:
        hub_request = HUB.request_from_provider(msgspec.json.decode(data))
        theirs = wire.theirs.request_to_provider(hub_request, **wire.options)[0]
    except Exception as error:
        yield f"they raise {type(error).__name__}"
        return
    if wire.name == "gemini":
        theirs = gist.camel({name: value for name, value in theirs.items() if name != "model"})
    yield from differences(ours, theirs)


def of_answer(wire: Wire, vector: Vector) -> Iterator[str]:
    """How our chat completion differs from theirs."""
    answer = msgspec.json.decode(vector.body)
    try:
        data = msgspec.json.encode(wire.answers(answer))
    except AnswerNonsense:
        return  # files of another endpoint, and errors inside a 200: other tests hold them
    ours = msgspec.json.decode(answer_of(data, "m", "r1", 1).body)
    try:
        theirs = HUB.response_to_provider(wire.theirs.response_from_provider(answer))
    except Exception as error:
        yield f"they raise {type(error).__name__}"
        return
    yield from differences(*(meaningful({name: chat[name] for name in chat.keys() - NEVER}) for chat in (ours, theirs)))


def meaningful(value: Any) -> Any:
    """Without nulls and empty lists, which say as much as nothing."""
    if isinstance(value, dict):
        return {name: meaningful(inner) for name, inner in value.items() if inner is not None and inner != []}
    if isinstance(value, list):
        return [meaningful(inner) for inner in value]
    return value


def judged(wire: Wire, what: str) -> dict[str, str]:
    """Each difference with the verdict."""
    table = tomllib.loads(Path(__file__).with_name("judged.toml").read_text())
    return {place: verdict["right"] for place, verdict in table[wire.name][what].items()}


def unjudged(wire: Wire, what: str, places: Iterator[tuple[str, str]]) -> tuple[dict[str, str], set[str]]:
    """Differences that nobody has judged, each with an example, and judged ones that are gone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        examples = dict(places)
    verdicts = judged(wire, what)
    return {place: examples[place] for place in examples.keys() - verdicts}, verdicts.keys() - examples.keys()


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
def test_every_difference_between_requests_has_been_judged(wire: Wire) -> None:
    chats = [vector for vector in CHATS if not (wire.name == "gemini" and asks_the_network(vector.request or {}))]
    places = ((place, str(vector)) for vector in chats for place in of_request(wire, vector.request or {}))

    assert ({}, set()) == unjudged(wire, "requests", places)
    assert len(chats) > 350


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
def test_every_difference_between_answers_has_been_judged(wire: Wire) -> None:
    recorded = vectors(wire.endpoint, ("anthropic", "gemini", "vertex", "fixtures"), streamed=False, status=200)
    places = ((place, str(vector)) for vector in recorded for place in of_answer(wire, vector))

    assert ({}, set()) == unjudged(wire, "answers", places)
    assert len(recorded) > 50


def test_no_difference_is_judged_against_us() -> None:
    verdicts = [right for wire in WIRES for what in ("requests", "answers") for right in judged(wire, what).values()]

    assert {"ours", "either"} == set(verdicts)
