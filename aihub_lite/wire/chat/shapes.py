"""The hub's objects once they are normalised, for the type checker: plain dicts when the gateway runs.

Every field may be missing, and there may be others: what an upstream or a client adds is passed on. What has not been
through `normalise`, `answer` or `stream` yet is a `JsonObject`, whose fields may be anything. What comes out of them is
one too, as far as the type checker knows; a reader says at its own door which of these it takes it for:
`choice: Choice = answer.chat["choices"][0]`.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from aihub_lite.wire.json_types import JsonObject


class Function(TypedDict, total=False):
    """What a call of a function says; an offered tool has `description`, `parameters` and `strict` instead."""

    name: str
    arguments: str
    """JSON, or a piece of it in a delta."""
    description: str
    parameters: JsonObject
    """A JSON Schema."""
    strict: bool


class Custom(TypedDict, total=False):
    """What a call of a custom tool says."""

    name: str
    input: str
    """Text of any form, or a piece of it in a delta."""


class Tool(TypedDict, total=False):
    """A tool that a request offers."""

    type: str
    function: Function
    cache_control: JsonObject


class ToolCall(TypedDict, total=False):
    """A call, whole in a message, or a piece of one in a delta: its first has `id`, `type` and the name."""

    index: int
    """In deltas only: contiguous from 0."""
    id: str
    type: str
    """`function` or `custom`, which is also where the call says the rest."""
    function: Function
    custom: Custom
    extra_content: object
    """As the upstream sent it; Gemini's thought signature is at `google.thought_signature`."""
    cache_control: JsonObject


class ContentPart(TypedDict, total=False):
    """A part of a message's content; which fields it has is for its `type` to say."""

    type: str
    text: str
    """Of `text`."""
    image_url: JsonObject
    """Of `image_url`: `url`, which may be a data URL, and `detail`."""
    input_audio: JsonObject
    """Of `input_audio`: `data` (base64) and `format`."""
    file: JsonObject
    """Of `file`: `file_data` or `file_id`, and `filename`."""
    cache_control: JsonObject
    """Anthropic's cache mark."""


class ReasoningDetail(TypedDict, total=False):
    """A thought with what its provider signed it with, in OpenRouter's shape."""

    type: str
    """`reasoning.text`, or `reasoning.encrypted` for what only the provider reads."""
    format: str
    """Whose it is: `anthropic-claude-v1`, `google-gemini-v1`."""
    index: int
    text: str | list[int]
    """The thought; of Gemini's signed texts, where in the content they begin and end."""
    signature: str
    data: str
    """Of `reasoning.encrypted`."""
    position: int
    """Before how many blocks that are no thoughts it stood; missing for 0."""


class _Assistant(TypedDict, total=False):
    """What a model may say besides text."""

    role: str
    tool_calls: list[ToolCall]
    function_call: Function
    """The legacy form of one call."""
    refusal: str | None
    reasoning_content: str
    reasoning_details: object
    """As the upstream sent it; of Anthropic and Gemini a list of `ReasoningDetail`."""
    images: object
    """As the upstream sent it: what the model drew, as a list of `image_url` parts."""
    annotations: object
    """As the upstream sent it: sources, as a list of `url_citation` objects."""
    extra_content: object
    """As the upstream sent it; of Gemini what its `google` signs."""


class Message(_Assistant, total=False):
    """A message of a request, whoever says it."""

    content: str | list[ContentPart] | None
    name: str
    tool_call_id: str
    """Of a tool's message: the call that it answers."""


class AnswerMessage(_Assistant, total=False):
    """What a model says in an answer that is not streamed."""

    content: str | None


class Delta(AnswerMessage, total=False):
    """What one chunk adds to a message: the first of a choice names the role, and each has one call at most."""


class Choice(TypedDict, total=False):
    """One answer of an `n`: with `message` whole, with `delta` in a chunk."""

    index: int
    message: AnswerMessage
    delta: Delta
    finish_reason: str | None
    native_finish_reason: str
    """The upstream's own word for it."""
    logprobs: object
    """As the upstream sent it."""


TokenDetails = dict[str, int | dict[str, int]]
"""How many of the tokens counted beside it are cached, reasoning, sound …, by name (`cached_tokens`); of the cached
ones, how many are no text, in an object of its own (`cached_tokens_details`)."""


class UsageCounts(TypedDict):
    """The `usage` that clients get."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: TokenDetails
    completion_tokens_details: TokenDetails
    service_tier: NotRequired[str]
    """Where it is not the standard one."""
    other_models: NotRequired[list[JsonObject]]
    """What other models counted for the answer: `model`, and these fields."""
    server_tool_use: NotRequired[JsonObject]
    """What the provider ran for it itself: `web_search_requests`, as OpenRouter has it."""


class Completion(TypedDict, total=False):
    """An answer that is not streamed."""

    id: str
    object: Literal["chat.completion"]
    created: int
    """Unix seconds."""
    model: str
    choices: list[Choice]
    usage: UsageCounts


class Chunk(TypedDict, total=False):
    """One event of a stream: at most one choice, which says one thing."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    """Unix seconds."""
    model: str
    choices: list[Choice]
    usage: UsageCounts
