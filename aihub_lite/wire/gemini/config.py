"""`generationConfig` and its neighbours: how a chat request's settings are said to Gemini."""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.chat.translated import Translation, answer_schema
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.gemini.models import EFFORTS, GeminiModel
from aihub_lite.wire.gemini.schema import json_schema, openapi_schema
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at

MAX_STOPS = 5
TIERS: Mapping[str, str] = {"default": "standard", "flex": "flex", "priority": "priority"}
MODALITIES = frozenset({"text", "image", "audio", "video"})
SAMPLING: Mapping[str, str] = {"temperature": "temperature", "top_p": "topP", "top_k": "topK"}
PENALTIES: Mapping[str, str] = {"presence_penalty": "presencePenalty", "frequency_penalty": "frequencyPenalty"}
SEED_BITS = 0x7FFFFFFF
"""Gemini's seeds are 32 bits wide, with a sign."""

READ = frozenset(
    {
        *("model", "messages", "stream", "stream_options", "tools", "functions", "tool_choice", "function_call"),
        *("max_tokens", "max_completion_tokens", "stop", "temperature", "top_p", "top_k", "seed", "n", "logprobs"),
        *("top_logprobs", "presence_penalty", "frequency_penalty", "response_format", "reasoning_effort", "audio"),
        *("modalities", "service_tier", "include_reasoning", "extra_body", "web_search_options"),
    }
)
"""Fields that are translated, or dropped by name here."""
NO_OPS: Mapping[str, object] = {"parallel_tool_calls": True, "store": False, "logit_bias": {}, "metadata": {}}
"""Values that ask for nothing: leaving them out changes nothing."""


def generation_config(request: ChatRequest, model: GeminiModel, *, functions: bool) -> Translation:
    """The fields of `generationConfig`; `functions` says whether the request declares any.

    Raises InvalidRequest for what is of the wrong type.
    """
    body = request.body
    config = Translation(_lengths(request))
    config.add(_sampling(body, model))
    config.body |= _logprobs(body)
    if body.get("response_format") is not None:
        config.add(_format(dict_at(body, "response_format"), model, functions=functions))
    config.add(_modalities(body, model))
    config.add(_thinking(body, model))
    config.drop(*_unknown(body))
    return config


def neighbours(body: JsonView) -> Translation:
    """The settings that stand beside `generationConfig`."""
    fields = Translation()
    tier = body.get("service_tier")
    if isinstance(tier, str) and tier in TIERS:
        fields.body["serviceTier"] = TIERS[tier]
    elif tier not in (None, "auto"):
        fields.drop("service_tier")
    google = _google_fields(body)
    if isinstance(cached := google.get("cached_content"), str):
        fields.body["cachedContent"] = cached
    if isinstance(safety := google.get("safety_settings"), list):
        fields.body["safetySettings"] = safety
    return fields


def _unknown(body: JsonView) -> list[str]:
    """Fields that Gemini has no word for and that ask for something."""
    return [
        name
        for name, value in body.items()
        if value is not None and name not in READ and name not in ROUTING_FIELDS and value != NO_OPS.get(name)
    ]


def _lengths(request: ChatRequest) -> JsonObject:
    config: JsonObject = {}
    if request.max_tokens is not None:
        config["maxOutputTokens"] = request.max_tokens
    if request.n > 1:
        config["candidateCount"] = request.n
    if stops := _stops(request.body.get("stop")):
        config["stopSequences"] = stops
    return config


def _stops(stop: object) -> list[str]:
    stops = stop or []
    if isinstance(stop, str):
        stops = [stop]
    if not isinstance(stops, list) or not all(isinstance(text, str) for text in stops):
        raise InvalidRequest("'stop' must be a string or a list of strings.")
    if len(stops) > MAX_STOPS:
        raise InvalidRequest(f"'stop' must hold at most {MAX_STOPS} sequences for this model.")
    return [text for text in stops if text]


def _sampling(body: JsonView, model: GeminiModel) -> Translation:
    config: JsonObject = {}
    dropped: list[str] = []
    for name, field in SAMPLING.items():
        if (value := _number(body, name)) is None:
            continue
        if model.sampling:
            config[field] = value
        elif value != 1:  # the default, with which nothing is lost
            dropped.append(name)
    for name, field in PENALTIES.items():
        if not (value := _number(body, name)):
            continue
        if model.penalties:
            config[field] = value
        else:
            dropped.append(name)
    if (seed := _number(body, "seed")) is not None:
        config["seed"] = int(seed) & SEED_BITS
    return Translation(config, dropped)


def _logprobs(body: JsonView) -> JsonObject:
    if body.get("logprobs") is not True:
        return {}
    config: JsonObject = {"responseLogprobs": True}
    if (top := _number(body, "top_logprobs")) is not None:
        config["logprobs"] = int(top)
    return config


def _format(form: JsonView, model: GeminiModel, *, functions: bool) -> Translation:
    kind = form.get("type")
    if kind == "text":
        return Translation()
    if kind not in ("json_object", "json_schema"):
        raise InvalidRequest("'response_format.type' must be text, json_object or json_schema.")
    if functions and not model.json_with_tools:
        return Translation(dropped=["response_format"])
    config: JsonObject = {"responseMimeType": "application/json"}
    schema = answer_schema(dict_at(form, "json_schema"))
    if kind == "json_schema" and schema is not None:
        if model.json_schema:
            config["responseJsonSchema"] = json_schema(schema)
        else:
            config["responseSchema"] = openapi_schema(schema, "response_format.json_schema.schema")
    return Translation(config)


def _modalities(body: JsonView, model: GeminiModel) -> Translation:
    config = Translation()
    modalities = body.get("modalities")
    if modalities is None:
        modalities = model.modalities
    elif not isinstance(modalities, list) or not all(
        isinstance(name, str) and name in MODALITIES for name in modalities
    ):
        raise InvalidRequest("'modalities' must be a list of text, image, audio or video.")
    if modalities and modalities != ["text"]:
        config.body["responseModalities"] = [name.upper() for name in modalities]
    voice = dict_at(body, "audio").get("voice")
    if isinstance(voice, str) and "AUDIO" in config.body.get("responseModalities", ()):
        config.body["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}
    elif body.get("audio"):
        config.drop("audio")
    return config


def _thinking(body: JsonView, model: GeminiModel) -> Translation:
    """`thinkingConfig`: Google's own wins, which clients of its OpenAI endpoint send, else the effort decides."""
    own = _google_fields(body).get("thinking_config")
    if isinstance(own, dict):
        return Translation({"thinkingConfig": _camel(own)})
    wants_text = body.get("include_reasoning")
    thinks = bool(model.thinking_levels or model.thinking_budgets)
    effort = body.get("reasoning_effort")
    if effort in (None, "default"):  # Groq's word for it
        if wants_text is True and thinks:
            return Translation({"thinkingConfig": {"includeThoughts": True}})
        return Translation()
    if not isinstance(effort, str) or effort not in EFFORTS:
        raise InvalidRequest(f"'reasoning_effort' must be one of {', '.join(EFFORTS)}.")
    if thinks:
        return Translation({"thinkingConfig": _effort(effort, model, wants_text=wants_text)})
    if effort == "none":
        return Translation()
    return Translation(dropped=["reasoning_effort"])


def _effort(effort: str, model: GeminiModel, *, wants_text: object) -> JsonObject:
    config: JsonObject = {}
    if model.thinking_levels:
        config["thinkingLevel"] = model.thinking_levels[effort]
    else:
        config["thinkingBudget"] = model.thinking_budgets[effort]
    if effort != "none" and wants_text is not False:
        config["includeThoughts"] = True
    return config


def _google_fields(body: JsonView) -> JsonView:
    """`extra_body.google`: how clients of Google's own OpenAI endpoint say what OpenAI has no word for."""
    return dict_at(dict_at(body, "extra_body"), "google")


def _number(body: JsonView, name: str) -> int | float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest(f"'{name}' must be a number.")
    return value


def _camel(settings: JsonView) -> JsonObject:
    """`thinking_config` in the wire's spelling; what is null is left out."""
    config: JsonObject = {}
    for name, value in settings.items():
        if value is not None:
            first, *others = name.split("_")
            config[first + "".join(word.capitalize() for word in others)] = value
    return config
