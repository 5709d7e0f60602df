"""The shapes of Anthropic Messages that more than one module reads, and what both sides do with blocks.

They hold for what is written here. What a client or an upstream sent is a `JsonView` until it has been checked.
"""

from __future__ import annotations

from typing import Any, Required, TypedDict

from aihub_lite.wire.json_types import JsonObject, JsonView


class Cacheable(TypedDict, total=False):
    """Whatever the cached beginning of a prompt may end with."""

    cache_control: JsonObject


class Source(TypedDict, total=False):
    """Where an image or a document is."""

    type: Required[str]
    """`base64` and `text` come with `media_type` and `data`, `url` with `url`, `file` with `file_id`."""
    media_type: str
    data: str
    url: str
    file_id: str


class Block(Cacheable, total=False):
    """A content block, with the fields that are read or written here; one in Anthropic's own words may have others."""

    type: Required[str]
    text: str
    citations: list[object]
    thinking: str
    signature: str
    data: str
    """Of `redacted_thinking`."""
    id: str
    name: str
    input: JsonObject
    tool_use_id: str
    content: list[Block]
    """Of `tool_result`."""
    is_error: bool
    source: Source
    title: str


class Message(TypedDict):
    """One turn of a conversation."""

    role: str
    content: list[Block]


class Tool(Cacheable, total=False):
    """A tool of the client's; one that Anthropic defines has a `type`, and what else belongs to it."""

    type: str
    name: str
    description: str
    input_schema: JsonObject
    strict: bool
    defer_loading: bool
    eager_input_streaming: bool
    input_examples: list[JsonObject]
    allowed_callers: list[str]


class ToolChoice(TypedDict, total=False):
    """How a tool is chosen."""

    type: Required[str]
    """`auto`, `any`, `none`, or `tool` with a name."""
    name: str
    disable_parallel_tool_use: bool


class TokenDetails(TypedDict):
    """Which of the output tokens are special."""

    thinking_tokens: int


class Lasting(TypedDict):
    """How long tokens stay that were written to a cache."""

    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class ServerToolUse(TypedDict):
    """What ran at the provider; fetches cost nothing, and nobody but Anthropic counts them."""

    web_search_requests: int
    web_fetch_requests: int


class Counts(TypedDict, total=False):
    """The `usage` that clients get."""

    input_tokens: int
    """Without cached ones."""
    cache_creation_input_tokens: int
    cache_creation: Lasting
    cache_read_input_tokens: int
    output_tokens: int
    output_tokens_details: TokenDetails
    server_tool_use: ServerToolUse


def keep_mark(target: Cacheable, part: JsonView) -> None:
    """Take over the cache mark; an absent one stays absent, since a null is a 400."""
    mark = part.get("cache_control")
    if isinstance(mark, dict):
        target["cache_control"] = without_nulls(mark)


def without_nulls(value: Any) -> Any:
    """The same JSON without object members that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value
