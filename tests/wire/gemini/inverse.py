"""Recorded Gemini requests as the chat requests that would have made them."""

from __future__ import annotations

import json
from typing import Any

from tests.wire.gemini.gist import listed

MODES = {"NONE": "none", "AUTO": "auto", "ANY": "required", "VALIDATED": "auto"}
SETTINGS = {
    "maxOutputTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "stopSequences": "stop",
    "responseLogprobs": "logprobs",
    "logprobs": "top_logprobs",
    "candidateCount": "n",
    "seed": "seed",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
}
NO_CHAT_COUNTERPART = frozenset({"executableCode", "codeExecutionResult"})
"""Parts of the model's turns that a chat client has no message for."""


def has_counterpart(body: dict[str, Any]) -> bool:
    return not any(part.keys() & NO_CHAT_COUNTERPART for content in body["contents"] for part in content["parts"])


def chat_request(body: dict[str, Any]) -> dict[str, Any]:
    """The request, its model left to the caller."""
    request: dict[str, Any] = {"model": "asked-for", "messages": list(_messages(body))}
    tools = _tools(body)
    if tools:
        request["tools"] = tools
    config = body.get("toolConfig", {}).get("functionCallingConfig", {})
    if config:
        request["tool_choice"] = _choice(config)
    generation = body.get("generationConfig", {})
    request |= {SETTINGS[name]: value for name, value in generation.items() if name in SETTINGS}
    if "responseModalities" in generation:
        request["modalities"] = [name.lower() for name in generation["responseModalities"]]
    if generation.get("responseMimeType") == "application/json":
        request["response_format"] = _format(generation)
    google: dict[str, Any] = {}
    if "thinkingConfig" in generation:
        google["thinking_config"] = generation["thinkingConfig"]
    if "safetySettings" in body:
        google["safety_settings"] = body["safetySettings"]
    if google:
        request["extra_body"] = {"google": google}
    return request


def _format(generation: dict[str, Any]) -> dict[str, Any]:
    schema = generation.get("responseJsonSchema") or generation.get("responseSchema")
    if schema is None:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def _choice(config: dict[str, Any]) -> Any:
    allowed = config.get("allowedFunctionNames")
    if not allowed:
        return MODES[config["mode"]]
    tools = [{"type": "function", "function": {"name": name}} for name in allowed]
    return {"type": "allowed_tools", "allowed_tools": {"mode": MODES[config["mode"]], "tools": tools}}


def _tools(body: dict[str, Any]) -> list[dict[str, Any]]:
    strict = body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode") == "VALIDATED"
    tools = listed(body.get("tools", []))
    chat_tools: list[dict[str, Any]] = []
    for tool in tools:
        for declaration in tool.get("functionDeclarations", ()):
            function = {"name": declaration["name"], "description": declaration.get("description", "")}
            schema = declaration.get("parametersJsonSchema") or declaration.get("parameters")
            if schema:
                function["parameters"] = schema
            if strict:
                function["strict"] = True
            chat_tools.append({"type": "function", "function": function})
        chat_tools += [{name: value} for name, value in tool.items() if name != "functionDeclarations"]
    return chat_tools


def _messages(body: dict[str, Any]) -> Any:
    for part in listed(body.get("systemInstruction", {}).get("parts", [])):
        yield {"role": "system", "content": part["text"]}
    calls: list[tuple[str, str]] = []
    for content in body["contents"]:
        if content.get("role") == "model":
            yield _assistant(content["parts"], calls)
        else:
            yield from _user(content["parts"], calls)


def _assistant(parts: list[dict[str, Any]], calls: list[tuple[str, str]]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    for part in parts:
        signature = part.get("thoughtSignature")
        if part.keys() & {"toolCall", "toolResponse"}:
            message.setdefault("extra_content", {"google": {"parts": []}})["google"]["parts"].append(part)
        if "functionCall" in part:
            call = part["functionCall"]
            call_id = call.get("id") or f"call_{len(calls)}"
            calls.insert(0, (call_id, call["name"]))
            function = {"name": call["name"], "arguments": json.dumps(call.get("args") or {})}
            tool_call: dict[str, Any] = {"id": call_id, "type": "function", "function": function}
            if signature:
                tool_call["extra_content"] = {"google": {"thought_signature": signature}}
            message.setdefault("tool_calls", []).append(tool_call)
        elif "text" in part and not part.get("thought"):
            start = len(message["content"])
            message["content"] += part["text"]
            if signature:
                edges = [start, len(message["content"])]
                detail = {"type": "reasoning.encrypted", "format": "google-gemini-v1", "data": signature, "text": edges}
                message.setdefault("reasoning_details", []).append(detail)
    return message


def _user(parts: list[dict[str, Any]], calls: list[tuple[str, str]]) -> Any:
    content = []
    for part in parts:
        if "functionResponse" in part:
            response = part["functionResponse"]
            call_id = next(
                (one for one, name in calls if one == response.get("id")),
                next((one for one, name in calls if name == response["name"]), ""),
            )
            texts = [{"type": "text", "text": json.dumps(response["response"])}]
            media = [_media(inner) for inner in response.get("parts", ())]
            yield {"role": "tool", "tool_call_id": call_id, "content": texts + media}
        else:
            content.append(_spoken(part))
    if content:
        yield {"role": "user", "content": content}


def _spoken(part: dict[str, Any]) -> dict[str, Any]:
    if "text" in part:
        return {"type": "text", "text": part["text"]}
    return _media(part)


def _media(part: dict[str, Any]) -> dict[str, Any]:
    if "inlineData" in part:
        blob = part["inlineData"]
        url = f"data:{blob['mimeType']};base64,{blob['data']}"
        return {"type": "image_url", "image_url": {"url": url}}
    file = part["fileData"]
    return {"type": "file", "file": {"file_data": file["fileUri"], "format": file["mimeType"]}}
