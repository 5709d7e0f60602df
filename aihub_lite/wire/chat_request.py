"""A chat request: read once, checked where the gateway reads it, and written anew for one upstream."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.estimate import prompt_estimate
from aihub_lite.wire.nested_json import MAX_DEPTH, deeper_than
from aihub_lite.wire.quirks import Quirks

MAX_CHOICES = 128
ROUTING_FIELDS = frozenset(
    {
        *("api_base", "api_key", "api_type", "api_version", "base_url", "azure_endpoint", "azure_ad_token"),
        *("deployment_id", "organization", "project", "custom_llm_provider", "model_list", "litellm_params"),
        *("extra_headers", "extra_query", "extra_body", "headers", "default_headers", "proxy"),
        *("models", "route", "fallbacks", "context_window_fallbacks", "num_retries", "mock_response"),
        *("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_region_name"),
        *("aws_bedrock_runtime_endpoint", "vertex_project", "vertex_location", "vertex_credentials"),
    }
)
"""Fields that tell another gateway behind us where to go, with which key, or to take another model than the one
that was allowed, priced and held for."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


@attrs.frozen
class ChatRequest:
    """What the gateway reads of a chat request; `body` is all of it, unknown fields too, and is never changed."""

    body: dict[str, Any]
    model: str
    stream: bool
    include_usage: bool
    """Whether the client wants the usage chunk of a stream."""
    max_tokens: int | None
    """The most completion tokens the client allows, per choice."""
    n: int
    prompt_estimate: int
    """Tokens."""


def parse_json(data: bytes | bytearray) -> dict[str, Any]:
    """A JSON object; raises InvalidRequest for everything else, however it is broken.

    Of a key given twice the last counts, and only that one goes upstream. What is accepted can be written again.
    """
    if not data or data.isspace():
        raise InvalidRequest("The request body is empty; a JSON object is expected.")
    try:
        body = _decode(data)
        if deeper_than(MAX_DEPTH, body, data.count(b"{") + data.count(b"[")):
            raise InvalidRequest(f"The request body is nested more than {MAX_DEPTH} levels deep.")
    except RecursionError:
        raise InvalidRequest(f"The request body is nested more than {MAX_DEPTH} levels deep.") from None
    except UnicodeDecodeError:
        raise InvalidRequest("The request body is not valid UTF-8.") from None
    except msgspec.ValidationError:
        raise InvalidRequest("The request body holds a number that is out of range.") from None
    except ValueError as error:
        raise InvalidRequest(f"The request body is not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidRequest("The request body must be a JSON object.")
    return body


def parse_chat(data: bytes | bytearray) -> ChatRequest:
    """Raises InvalidRequest that names the field; what only concerns the upstream is left for it to judge."""
    body = parse_json(data)
    model = body.get("model")
    if not isinstance(model, str) or not model.strip():
        raise InvalidRequest(_wrong(body, "model", "a non-empty string"))
    _check_messages(body)
    stream = _flag(body, "stream")
    return ChatRequest(
        body,
        model,
        stream,
        stream and _wants_usage(body),
        _whole(body, "max_completion_tokens") or _whole(body, "max_tokens"),
        _whole(body, "n", MAX_CHOICES) or 1,
        prompt_estimate(body),
    )


def upstream_body(request: ChatRequest, upstream_model: str, quirks: Quirks) -> bytes:
    """The request for one upstream: its model name, usage always asked for, nothing that it is known to refuse."""
    dropped = ROUTING_FIELDS | quirks.drop if quirks.drop else ROUTING_FIELDS
    body = {name: value for name, value in request.body.items() if name not in dropped}
    body["model"] = upstream_model
    options = body.pop("stream_options", None)
    if request.stream and quirks.stream_options:
        body["stream_options"] = {**(options or {}), "include_usage": True}
    _spell_max_tokens(body, upstream_model, quirks)
    if quirks.drop_inside or not quirks.developer_role:
        body["messages"] = [_message_for(message, quirks) for message in body["messages"]]
    if quirks.drop_inside and isinstance(body.get("tools"), list):
        body["tools"] = [_tool_for(tool, quirks.drop_inside) for tool in body["tools"]]
    return _encode(body)


def _spell_max_tokens(body: dict[str, Any], upstream_model: str, quirks: Quirks) -> None:
    name = quirks.max_tokens_name
    if quirks.max_completion_tokens_models and upstream_model.startswith(quirks.max_completion_tokens_models):
        name = "max_completion_tokens"
    if name is None or not body.keys() & {"max_tokens", "max_completion_tokens"}:
        return
    older, newer = body.pop("max_tokens", None), body.pop("max_completion_tokens", None)
    if (value := older if newer is None else newer) is not None:
        body[name] = value


def _message_for(message: dict[str, Any], quirks: Quirks) -> dict[str, Any]:
    changed: dict[str, Any] = _without(message, quirks.drop_inside)
    if not quirks.developer_role and changed.get("role") == "developer":
        changed = {**changed, "role": "system"}
    if quirks.drop_inside and isinstance(parts := changed.get("content"), list):
        changed = {**changed, "content": [_without(part, quirks.drop_inside) for part in parts]}
    return changed


def _tool_for(tool: Any, names: frozenset[str]) -> Any:
    """Names are dropped from a tool and its function, never from the schema of its parameters."""
    tool = _without(tool, names)
    if isinstance(tool, dict) and isinstance(tool.get("function"), dict):
        tool = {**tool, "function": _without(tool["function"], names)}
    return tool


def _without(value: Any, names: frozenset[str]) -> Any:
    if not isinstance(value, dict) or names.isdisjoint(value):
        return value
    return {name: inner for name, inner in value.items() if name not in names}


def _check_messages(body: dict[str, Any]) -> None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest(_wrong(body, "messages", "a non-empty list of messages"))
    for position, message in enumerate(messages):
        if not isinstance(message, dict):
            raise InvalidRequest(f"'messages[{position}]' must be an object.")
        role = message.get("role")
        if not isinstance(role, str) or not role:
            raise InvalidRequest(f"'messages[{position}].role' must be a non-empty string.")


def _wants_usage(body: dict[str, Any]) -> bool:
    options = body.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, dict):
        raise InvalidRequest("'stream_options' must be an object.")
    return _flag(options, "include_usage", "stream_options.include_usage")


def _flag(holder: dict[str, Any], name: str, path: str = "") -> bool:
    value = holder.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise InvalidRequest(f"'{path or name}' must be true or false.")


def _whole(body: dict[str, Any], name: str, most: int | None = None) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most is not None and value > most):
        raise InvalidRequest(f"'{name}' must be a positive integer" + (f", at most {most}." if most else "."))
    return value


def _wrong(body: dict[str, Any], name: str, expected: str) -> str:
    return f"'{name}' must be {expected}." if name in body else f"'{name}' is missing; it must be {expected}."
