"""Amazon Bedrock: where its regions answer, and which of its models can be asked.

Sources, read in November 2026: docs.aws.amazon.com/bedrock, "Endpoints supported by Amazon Bedrock", "API
compatibility", "Get list of models"; botocore 1.44.8, models of both services; anthropic 2.14.0, `lib/bedrock`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from aihub_lite.domain.channel import ModelFacts
from aihub_lite.errors import InvalidRequest
from aihub_lite.upstream.access.aws import HOST, MANTLE, scope_of
from aihub_lite.upstream.access.aws import REGION as REGION_PATTERN
from aihub_lite.wire.json_types import JsonView, dicts_in, list_at, text_at

REGION = re.compile(REGION_PATTERN)
CHINA = "cn-"
RUNTIME = "bedrock-runtime"
CHAT_PATHS = ("/openai/v1", "/v1")
"""Where its APIs like OpenAI's begin: the base URL of a channel ends so, and its others are beside them."""
CLAUDE = "anthropic."
WITH_CHAT = ("openai.", "qwen.", "deepseek.", "google.", "mistral.", "minimax.", "moonshot", "nvidia.", "zai.")
"""What ids of models begin with that have its chat API; those of Amazon, Meta, Cohere, AI21 have none."""


def base_url_of(region: str) -> str:
    """The base URL of a region's channel; raises InvalidRequest."""
    if not REGION.fullmatch(region):
        raise InvalidRequest("region: must be a region of AWS, like eu-central-1")
    domain = "amazonaws.com"
    if region.startswith(CHINA):
        domain = "amazonaws.com.cn"
    return f"https://{RUNTIME}.{region}.{domain}{CHAT_PATHS[0]}"


def moved(base_url: str, region: str) -> str:
    """The base URL of another region, at the same endpoint; raises InvalidRequest."""
    elsewhere = base_url_of(region)
    if not is_mantle(base_url):
        return elsewhere
    return base_url.replace(f".{scope_of(base_url).region}.", f".{region}.", 1)


def root_of(base_url: str) -> str:
    """What is left of a base URL without the path of its chat API."""
    for path in CHAT_PATHS:
        if base_url.endswith(path):
            return base_url.removesuffix(path)
    return base_url


def is_mantle(base_url: str) -> bool:
    """Whether an address is of Bedrock's second endpoint, where Claude has Anthropic's own API."""
    return scope_of(base_url).service == MANTLE


def list_urls(base_url: str) -> tuple[str, ...]:
    """Where models are listed: at the second endpoint as at OpenAI, else at a host of its own, models and profiles."""
    if is_mantle(base_url):
        return (base_url + "/models",)
    parts = urlsplit(root_of(base_url))
    host = parts.netloc
    if HOST.fullmatch(parts.hostname or ""):
        host = host.replace(RUNTIME, "bedrock", 1)
    root = urlunsplit((parts.scheme, host, parts.path, "", ""))
    return (
        f"{root}/foundation-models?byOutputModality=TEXT",
        f"{root}/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED",
    )


def models_in(answer: JsonView) -> Iterator[tuple[str, ModelFacts | None]]:
    """The models of one of these lists that can be asked by their ids, with what it says of them."""
    for row in dicts_in(answer.get("data")):
        if _served(model := text_at(row, "id")):
            yield model, None
    for row in dicts_in(answer.get("modelSummaries")):
        if "ON_DEMAND" in list_at(row, "inferenceTypesSupported") and _served(model := text_at(row, "modelId")):
            yield model, _facts_of(row)
    for row in dicts_in(answer.get("inferenceProfileSummaries")):
        model = text_at(row, "inferenceProfileId")
        # Of a region's or all regions' profiles those of Claude alone: the chat API is asked by models' own ids.
        if text_at(row, "status") == "ACTIVE" and model.partition(".")[2].startswith(CLAUDE):
            yield model, ModelFacts(name=text_at(row, "inferenceProfileName"))


def _served(model: str) -> bool:
    return model.startswith((CLAUDE, *WITH_CHAT))


def _facts_of(row: JsonView) -> ModelFacts:
    modalities = tuple(kind.lower() for kind in list_at(row, "inputModalities") if isinstance(kind, str))
    return ModelFacts(name=text_at(row, "modelName"), input_modalities=modalities)
