"""Claude at Amazon Bedrock: the body of Anthropic Messages, as `InvokeModel` and its stream take it.

Amazon Bedrock's user guide, "Anthropic Claude Messages API", read in November 2026; anthropic 2.14.0, `lib/bedrock`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at

VERSIONS: Mapping[str, str] = {"2023-06-01": "bedrock-2023-05-31"}
"""What versions of Anthropic's API are called there; later ones have the same name, as its own client has them."""
NOT_THERE = frozenset({"model", "stream"})
"""Fields that the path says instead."""
REFUSED = ("service_tier", "inference_geo", "speed")
"""Fields that are a 400 there, as unknown ones, and change nothing of what is answered. The tier has a header there,
with values of its own."""
HOSTED = ("advisor_", "code_execution_", "mcp_toolset", "web_fetch_", "web_search_")
"""What types of tools begin with that run at Anthropic, and nowhere there."""
BETAS: Mapping[str, str] = {
    name: name
    for name in (
        "compact-2026-01-12",
        "computer-use-2024-10-22",
        "computer-use-2025-01-24",
        "computer-use-2025-11-24",
        "context-1m-2025-08-07",
        "context-management-2025-06-27",
        "effort-2025-11-24",
        "fine-grained-tool-streaming-2025-05-14",
        "interleaved-thinking-2025-05-14",
        "mid-conversation-output-config-2026-07-01",
        "mid-conversation-tool-changes-2026-07-01",
        "output-128k-2025-02-19",
        "thinking-binding-controls-2026-08-01",
        "thinking-display-updates-2026-08-18",
        "token-efficient-tools-2025-02-19",
        "tool-examples-2025-10-29",
        "tool-search-tool-2025-10-19",
    )
} | {"advanced-tool-use-2025-11-20": "tool-search-tool-2025-10-19"}
"""What betas of Anthropic's are called there; any other is a 400 ("invalid beta flag"). Coding tools send some for
Anthropic's own API alone. Beside the guide: litellm 1.109.1, its table of beta headers by provider."""

METRICS = "amazon-bedrock-invocationMetrics"
"""A field of a stream's last event."""
COUNTS: Mapping[str, str] = {
    "input_tokens": "inputTokenCount",
    "output_tokens": "outputTokenCount",
    "cache_read_input_tokens": "cacheReadInputTokenCount",
    "cache_creation_input_tokens": "cacheWriteInputTokenCount",
}
"""Anthropic's names of counts, and what they are called in the metrics; both leave cached tokens out of the input."""


def bedrock_path(model: str, *, stream: bool) -> str:
    """Where a model is asked, below the host. Ids and ARNs hold `:` and `/`, which their segment has encoded."""
    operation = "invoke"
    if stream:
        operation = "invoke-with-response-stream"
    return f"/model/{quote(model, safe='')}/{operation}"


def check_hosted(body: JsonView) -> None:
    """Raise InvalidRequest for tools that only Anthropic runs: another channel may have them."""
    for tool in dicts_in(body.get("tools")):
        kind = text_at(tool, "type")
        if kind.startswith(HOSTED):
            raise InvalidRequest(f"tools: {kind[:64]} runs at Anthropic, not at Amazon Bedrock")


def bedrock_body(body: JsonView, version: str, betas: Iterable[str]) -> JsonObject:
    """A body for a version of Anthropic's API as it is posted there, with those of the betas that it knows."""
    posted = {name: value for name, value in body.items() if name not in NOT_THERE and name not in REFUSED}
    posted["anthropic_version"] = VERSIONS.get(version, version)
    known = sorted({BETAS[beta] for beta in betas if beta in BETAS})
    if known:
        posted["anthropic_beta"] = known
    return posted


def metered(event: JsonView) -> JsonObject:
    """A stream's last event's metrics as a `usage` object; empty where it has none."""
    metrics = dict_at(event, METRICS)
    return {name: metrics[theirs] for name, theirs in COUNTS.items() if theirs in metrics}
