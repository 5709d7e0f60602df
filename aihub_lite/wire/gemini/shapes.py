"""What we write in Gemini's words, field by field; the types are those of google-genai 3.4.0.

Only what is written has such a shape. What clients and upstreams send is unchecked JSON, and is looked at as that.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from aihub_lite.wire.chat.shapes import ReasoningDetail, ToolCall
from aihub_lite.wire.json_types import JsonObject


class Blob(TypedDict):
    """Media inside the request: their bytes in base64."""

    mimeType: str
    data: str


class FileData(TypedDict):
    """A file that Gemini fetches itself."""

    fileUri: str
    mimeType: str


class MediaResolution(TypedDict):
    """How closely the model looks at a picture."""

    level: str


class FunctionCall(TypedDict):
    """A call that the model made; older models know no ids."""

    name: str
    args: JsonObject
    id: NotRequired[str]


class FunctionResponse(TypedDict):
    """The result of a call, with its media where the model takes them inside it."""

    name: str
    response: JsonObject
    id: NotRequired[str]
    parts: NotRequired[list[Part]]


class Part(TypedDict, total=False):
    """One piece of a turn: exactly one of text, media, call and result, and what is said about it."""

    text: str
    inlineData: Blob
    fileData: FileData
    functionCall: FunctionCall
    functionResponse: FunctionResponse
    toolCall: JsonObject
    """Of a tool that ran at Google's; its result is a `toolResponse`."""
    toolResponse: JsonObject
    thought: bool
    thoughtSignature: str
    mediaResolution: MediaResolution


class Content(TypedDict):
    """One turn of a conversation."""

    role: Literal["user", "model"]
    parts: list[Part]


class FunctionDeclaration(TypedDict, total=False):
    """A function that the model may call: with a JSON Schema, or in the OpenAPI subset for models before 2.0."""

    name: str
    description: str
    parametersJsonSchema: JsonObject
    parameters: JsonObject


class GeminiDelta(TypedDict, total=False):
    """What one piece of an answer adds to a chat message: chat's Delta, and what Gemini's models draw and say aloud."""

    content: str
    reasoning_content: str
    reasoning_details: list[ReasoningDetail]
    refusal: str
    annotations: list[JsonObject]
    tool_calls: list[ToolCall]
    images: list[JsonObject]
    """Image parts, as OpenRouter gives them."""
    audio: JsonObject
    """As OpenAI gives it."""
    extra_content: JsonObject
    """Calls of tools that Google ran, and their results, at `google.parts`."""
