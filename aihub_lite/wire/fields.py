"""The fields of a client's JSON that the gateway reads itself, on whatever surface; every refusal names the field."""

from __future__ import annotations

import msgspec

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.foreign_json import MAX_DEPTH, MAX_VALUES, decode_strict, deeper_than, more_values_than
from aihub_lite.wire.json_types import JsonObject, JsonView

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


def parse_json(data: bytes | bytearray) -> JsonObject:
    """A JSON object; raises InvalidRequest for everything else, however it is broken.

    Of a key that stands twice the last counts, and only that one goes upstream: two parsers in a row may not see two
    different requests. What is accepted can be written again (RULES.md T-37).
    """
    if not data or data.isspace():
        raise InvalidRequest("The request body is empty; a JSON object is expected.")
    if more_values_than(MAX_VALUES, data):
        raise InvalidRequest(f"The request body holds more than {MAX_VALUES} values.")
    try:
        body = decode_strict(data)
        if deeper_than(MAX_DEPTH, body):
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


def model_in(body: JsonView) -> str:
    """The id that the client asks for; raises InvalidRequest."""
    model = body.get("model")
    if not isinstance(model, str) or not model.strip():
        raise InvalidRequest(wrong(body, "model", "a non-empty string"))
    return model


def wants_usage(body: JsonView) -> bool:
    """Whether the client wants the usage chunk of a stream; raises InvalidRequest."""
    options = body.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, dict):
        raise InvalidRequest("'stream_options' must be an object.")
    return flag(options, "include_usage", "stream_options.include_usage")


def flag(holder: JsonView, name: str, path: str = "") -> bool:
    """A boolean, false where it is missing or null. Raises InvalidRequest for 0, 1, "true" and the like.

    `path` is how the refusal names the field, where that is more than `name`.
    """
    value = holder.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise InvalidRequest(f"'{path or name}' must be true or false.")


def whole(body: JsonView, name: str, most: int | None = None) -> int | None:
    """A positive whole number, also one written as `16.0`; None where it is missing. Raises InvalidRequest."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most is not None and value > most):
        limit = f", at most {most}" if most else ""
        raise InvalidRequest(f"'{name}' must be a positive integer{limit}.")
    return value


def wrong(body: JsonView, name: str, expected: str) -> str:
    """The message of a refusal: the field is missing, or is not what is expected."""
    if name in body:
        return f"'{name}' must be {expected}."
    return f"'{name}' is missing; it must be {expected}."


def object_field(body: JsonView, name: str) -> JsonObject:
    """A field that holds an object, empty where it is absent or null; raises InvalidRequest."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest(f"'{name}' must be an object.")
    return value
