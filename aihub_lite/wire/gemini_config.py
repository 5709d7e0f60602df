"""`generationConfig` and its neighbours: how a chat request's settings are said to Gemini."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.gemini_models import EFFORTS, GeminiModel
from aihub_lite.wire.gemini_schema import json_schema, openapi_schema

MAX_STOPS = 5
TIERS: Mapping[str, str] = {"default": "standard", "flex": "flex", "priority": "priority"}
MODALITIES = frozenset({"text", "image", "audio", "video"})
SAFETY_CATEGORIES = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")

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


@attrs.define
class Settings:
    """Everything of a request that is neither a message nor a tool; `dropped` are fields that Gemini cannot take."""

    request: ChatRequest
    model: GeminiModel
    functions: bool
    """Whether the request declares functions."""
    config: dict[str, Any] = attrs.field(factory=dict)
    """`generationConfig`."""
    dropped: list[str] = attrs.field(factory=list)

    def read(self) -> None:
        """Fills `config` and `dropped`; raises InvalidRequest for what is of the wrong type."""
        self._lengths()
        self._sampling()
        self._logprobs()
        self._format()
        self._modalities()
        self._thinking()
        body = self.request.body
        for name in body.keys() - READ - ROUTING_FIELDS:
            if body[name] is not None and body[name] != NO_OPS.get(name):
                self.dropped.append(name)

    def _lengths(self) -> None:
        if self.request.max_tokens is not None:
            self.config["maxOutputTokens"] = self.request.max_tokens
        if self.request.n > 1:
            self.config["candidateCount"] = self.request.n
        stop = self.request.body.get("stop")
        stops = [stop] if isinstance(stop, str) else stop or []
        if not isinstance(stops, list) or not all(isinstance(text, str) for text in stops):
            raise InvalidRequest("'stop' must be a string or a list of strings.")
        if len(stops) > MAX_STOPS:
            raise InvalidRequest(f"'stop' must hold at most {MAX_STOPS} sequences for this model.")
        if stops := [text for text in stops if text]:
            self.config["stopSequences"] = stops

    def _sampling(self) -> None:
        for name, wire in (("temperature", "temperature"), ("top_p", "topP"), ("top_k", "topK")):
            if (value := self._number(name)) is None:
                continue
            if self.model.sampling:
                self.config[wire] = value
            elif value != 1:
                self.dropped.append(name)
        for name, wire in (("presence_penalty", "presencePenalty"), ("frequency_penalty", "frequencyPenalty")):
            if not (value := self._number(name)):
                continue
            if self.model.penalties:
                self.config[wire] = value
            else:
                self.dropped.append(name)
        seed = self._number("seed")
        if seed is not None:
            self.config["seed"] = int(seed) & 0x7FFFFFFF  # Gemini's are 32 bits wide

    def _logprobs(self) -> None:
        if self.request.body.get("logprobs") is True:
            self.config["responseLogprobs"] = True
            if (top := self._number("top_logprobs")) is not None:
                self.config["logprobs"] = int(top)

    def _format(self) -> None:
        wanted = self.request.body.get("response_format")
        kind = wanted.get("type") if isinstance(wanted, Mapping) else None
        if wanted is None or kind == "text":
            return
        if not isinstance(wanted, Mapping) or kind not in ("json_object", "json_schema"):
            raise InvalidRequest("'response_format.type' must be text, json_object or json_schema.")
        if self.functions and not self.model.json_with_tools:
            self.dropped.append("response_format")
            return
        self.config["responseMimeType"] = "application/json"
        named = wanted.get("json_schema")
        schema = named.get("schema") if isinstance(named, Mapping) else None
        if kind == "json_schema" and isinstance(schema, Mapping):
            if self.model.json_schema:
                self.config["responseJsonSchema"] = json_schema(schema)
            else:
                self.config["responseSchema"] = openapi_schema(schema, "response_format.json_schema.schema")

    def _modalities(self) -> None:
        wanted = self.request.body.get("modalities")
        if wanted is None:
            wanted = self.model.modalities
        elif not isinstance(wanted, list) or not all(isinstance(name, str) and name in MODALITIES for name in wanted):
            raise InvalidRequest("'modalities' must be a list of text, image, audio or video.")
        if wanted and wanted != ["text"]:
            self.config["responseModalities"] = [name.upper() for name in wanted]
        audio = self.request.body.get("audio")
        voice = audio.get("voice") if isinstance(audio, Mapping) else None
        if isinstance(voice, str) and "AUDIO" in self.config.get("responseModalities", ()):
            self.config["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}
        elif audio:
            self.dropped.append("audio")

    def _thinking(self) -> None:
        body = self.request.body
        effort = body.get("reasoning_effort")
        thinking = self._google().get("thinking_config")
        if isinstance(thinking, Mapping):
            self.config["thinkingConfig"] = _camel(thinking)
            return
        wants_text = body.get("include_reasoning")
        if effort in (None, "default"):  # Groq's word for it
            if wants_text is True and self._thinks():
                self.config["thinkingConfig"] = {"includeThoughts": True}
            return
        if not isinstance(effort, str) or effort not in EFFORTS:
            raise InvalidRequest(f"'reasoning_effort' must be one of {', '.join(EFFORTS)}.")
        if not self._thinks():
            if effort != "none":
                self.dropped.append("reasoning_effort")
            return
        thinking = self.config["thinkingConfig"] = {}
        if self.model.thinking_levels:
            thinking["thinkingLevel"] = self.model.thinking_levels[effort]
        else:
            thinking["thinkingBudget"] = self.model.thinking_budgets[effort]
        if effort != "none" and wants_text is not False:
            thinking["includeThoughts"] = True

    def _thinks(self) -> bool:
        return bool(self.model.thinking_levels or self.model.thinking_budgets)

    def neighbours(self) -> dict[str, Any]:
        """Fields that stand beside `generationConfig`."""
        found: dict[str, Any] = {}
        tier = self.request.body.get("service_tier")
        if isinstance(tier, str) and tier in TIERS:
            found["serviceTier"] = TIERS[tier]
        elif tier not in (None, "auto"):
            self.dropped.append("service_tier")
        google = self._google()
        if isinstance(cached := google.get("cached_content"), str):
            found["cachedContent"] = cached
        if isinstance(safety := google.get("safety_settings"), list):
            found["safetySettings"] = safety
        return found

    def _google(self) -> Mapping[str, Any]:
        """`extra_body.google`: how clients of Google's own OpenAI endpoint say what OpenAI has no word for."""
        extra = self.request.body.get("extra_body")
        google = extra.get("google") if isinstance(extra, Mapping) else None
        return google if isinstance(google, Mapping) else {}

    def _number(self, name: str) -> int | float | None:
        value = self.request.body.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidRequest(f"'{name}' must be a number.")
        return value


def safety_settings(threshold: str) -> list[dict[str, str]]:
    """The same threshold (`OFF`, `BLOCK_NONE`, …) for every category of harm."""
    return [{"category": f"HARM_CATEGORY_{name}", "threshold": threshold} for name in SAFETY_CATEGORIES]


def _camel(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`thinking_config` in the wire's spelling; what is null is left out."""
    found = {}
    for name, value in settings.items():
        first, *others = name.split("_")
        if value is not None:
            found[first + "".join(word.capitalize() for word in others)] = value
    return found
