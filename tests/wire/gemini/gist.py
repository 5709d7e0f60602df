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
    named = {to_camel(name) if "_" in name else name: inner for name, inner in value.items()}
    return {name: inner if name in FREE else camel(inner) for name, inner in named.items()}


def of_wire(body: dict[str, Any]) -> list[Turn]:
    """Of a request in Gemini's words."""
    said: list[Turn] = [("system", part["text"]) for part in body.get("systemInstruction", {}).get("parts", ())]
    for content in body["contents"]:
        for part in content["parts"]:
            said += _of_part(content.get("role", "user"), part)
    return said


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
        return [(role, part["text"])] if part["text"] else []
    return _media([part])


def _media(parts: Any) -> list[Turn]:
    return [
        ("media", part["inlineData"]["data"] if "inlineData" in part else part["fileData"]["fileUri"]) for part in parts
    ]


def of_chat(messages: list[dict[str, Any]]) -> list[Turn]:
    """Of a chat request; texts as Gemini gets them, later system messages as the user's."""
    said: list[Turn] = []
    names: dict[str, str] = {}
    for message in messages:
        role = message["role"]
        if role in ("system", "developer"):
            role = "user" if any(kind != "system" for kind, _ in said) else "system"
        if role == "tool":
            text, media = _split(message["content"])
            said += [("result", (names[message["tool_call_id"]], _object(text))), *media]
            continue
        role = "model" if role == "assistant" else role
        if role == "model" and all(kind == "system" for kind, _ in said):
            said.append(("user", "."))
        said += [turn if turn[0] == "media" else (role, turn[1]) for turn in _spoken(message.get("content"))]
        for call in message.get("tool_calls") or ():
            names[call["id"]] = call["function"]["name"]
            said.append(("call", (call["function"]["name"], json.loads(call["function"]["arguments"] or "{}"))))
    return said


def _spoken(content: Any) -> list[Turn]:
    if isinstance(content, str) or content is None:
        return [("text", content)] if content else []
    found: list[Turn] = []
    for part in content:
        if part["type"] in ("text", "refusal"):
            text = part[part["type"]]
            found += [("text", text)] if text else []
        elif part["type"] != "thinking":
            inner = part[part["type"]]
            if isinstance(inner, dict):
                inner = inner.get("url") or inner.get("data") or inner.get("file_data")
            found.append(("media", inner.partition(",")[2] if inner.startswith("data:") else inner))
    return found


def _split(content: Any) -> tuple[str, list[Turn]]:
    spoken = _spoken(content)
    return "\n".join(value for kind, value in spoken if kind == "text"), [one for one in spoken if one[0] == "media"]


def _object(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"result": text}


def joined(said: list[Turn]) -> list[Turn]:
    """Texts of one speaker in a row are one, results of one run stand in any order."""
    found: list[Turn] = []
    for kind, value in said:
        if found and kind == found[-1][0] and isinstance(value, str) and kind != "media":
            found[-1] = (kind, found[-1][1] + value)
        else:
            found.append((kind, value))
    return found
