"""What a conversation says, read naively from either side: what a translation must not lose."""

from __future__ import annotations

import json
from typing import Any

from pydantic.alias_generators import to_camel

FREE = frozenset(
    {"args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema", "responseSchema", "partialArgs"}
)

Turn = tuple[str, Any]


def camel(value: Any) -> Any:
    """Recorded requests in the wire's one spelling; what belongs to the client keeps its names."""
    if isinstance(value, list):
        return [camel(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    spelled: dict[str, Any] = {}
    for name, inner in value.items():
        wire_name = name
        if "_" in name:
            wire_name = to_camel(name)
        spelled[wire_name] = inner
        if wire_name not in FREE:
            spelled[wire_name] = camel(inner)
    return spelled


def listed(value: Any) -> list[Any]:
    """A list of one, if it is none: Google takes both."""
    if isinstance(value, list):
        return value
    return [value]


def of_wire(body: dict[str, Any]) -> list[Turn]:
    """Of a request in Gemini's words."""
    system = listed(body.get("systemInstruction", {}).get("parts", []))
    turns: list[Turn] = [("system", part["text"]) for part in system if part["text"]]
    for content in body["contents"]:
        for part in content["parts"]:
            turns += _of_part(content.get("role", "user"), part)
    return turns


def _of_part(role: str, part: dict[str, Any]) -> list[Turn]:
    if part.get("thought") and "thoughtSignature" not in part:
        return []
    if "functionCall" in part:
        call = part["functionCall"]
        return [("call", (call["name"], call.get("args") or {}))]
    if "functionResponse" in part:
        response = part["functionResponse"]
        return [("result", (response["name"], response["response"])), *_media(response.get("parts", ()))]
    if part.keys() & {"toolCall", "toolResponse"}:
        return [("native", part)]
    if "text" in part:
        return _text(role, part["text"])
    return _media([part])


def _text(role: str, text: str) -> list[Turn]:
    if not text:
        return []
    return [(role, text)]


def _media(parts: Any) -> list[Turn]:
    return [("media", _medium(part)) for part in parts]


def _medium(part: dict[str, Any]) -> str:
    """Its bytes, or where they are."""
    if "inlineData" in part:
        return str(part["inlineData"]["data"])
    return str(part["fileData"]["fileUri"])


def of_chat(messages: list[dict[str, Any]]) -> list[Turn]:
    """Of a chat request; texts as Gemini gets them, later system messages as the user's."""
    turns: list[Turn] = []
    names: dict[str, str] = {}
    for message in messages:
        role = message["role"]
        if role in ("system", "developer"):
            role = "system"
            if any(kind != "system" for kind, _ in turns):
                role = "user"
        if role == "tool":
            text, media = _split(message["content"])
            turns += [("result", (names[message["tool_call_id"]], _object(text))), *media]
            continue
        if role == "assistant":
            role = "model"
        if role == "model" and all(kind == "system" for kind, _ in turns):
            turns.append(("user", "."))
        turns += _spoken(message.get("content"), role)
        for call in message.get("tool_calls") or ():
            names[call["id"]] = call["function"]["name"]
            turns.append(("call", (call["function"]["name"], json.loads(call["function"]["arguments"] or "{}"))))
    return turns


def _spoken(content: Any, role: str = "text") -> list[Turn]:
    if isinstance(content, str) or content is None:
        return _text(role, content or "")
    turns: list[Turn] = []
    for part in content:
        if part["type"] in ("text", "refusal"):
            turns += _text(role, part[part["type"]])
        elif part["type"] != "thinking":
            inner = part[part["type"]]
            if isinstance(inner, dict):
                inner = inner.get("url") or inner.get("data") or inner.get("file_data")
            if inner.startswith("data:"):
                inner = inner.partition(",")[2]
            turns.append(("media", inner))
    return turns


def _split(content: Any) -> tuple[str, list[Turn]]:
    spoken = _spoken(content)
    return "\n".join(value for kind, value in spoken if kind == "text"), [one for one in spoken if one[0] == "media"]


def _object(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    return {"result": text}


def joined(turns: list[Turn]) -> list[Turn]:
    """Texts of one speaker in a row are one, results of one run stand in any order."""
    joined_turns: list[Turn] = []
    for kind, value in turns:
        if joined_turns and kind == joined_turns[-1][0] and isinstance(value, str) and kind != "media":
            joined_turns[-1] = (kind, joined_turns[-1][1] + value)
        else:
            joined_turns.append((kind, value))
    return joined_turns
