"""The tier of service that an answer was given at, which decides on its price."""

from __future__ import annotations

import re

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.json_types import JsonView

TIER = "service_tier"
"""At the top of OpenAI's answers, in the usage of Anthropic's: the one that was used, whichever was asked for."""
STANDARD = frozenset(
    {"auto", "default", "standard", "standard_only", "on_demand", "global", "not_available"}
    | {"unspecified", "service_tier_unspecified", "traffic_type_unspecified"}
)
"""Words of OpenAI, Anthropic, Groq and Google for the one that has the model's own price."""
PAID_AS_USED = "ON_DEMAND_"
"""Before the tier in the traffic types of Vertex: `ON_DEMAND`, which is the standard one, `ON_DEMAND_PRIORITY`,
`ON_DEMAND_FLEX`, and beside them `PROVISIONED_THROUGHPUT` (Google's reference of Vertex AI,
`GenerateContentResponse.UsageMetadata.TrafficType`, read in November 2026)."""
NAME = re.compile(r"[a-z0-9_-]{1,24}(?:\+[a-z0-9_-]{1,24}){0,2}", re.ASCII)


def tier_of(*said: object) -> str:
    """What a request or an answer says of its tier, in small letters, joined by `+`; empty: the standard one."""
    names = [name for text in said if isinstance(text, str) and (name := text.lower()) not in STANDARD]
    return "+".join(name for name in names if NAME.fullmatch(name))


def asked_tier(body: JsonView) -> str:
    """The tier that a request asks for, named as answers at it are; `speed` and `inference_geo` are Anthropic's."""
    return tier_of(body.get(TIER), body.get("speed"), body.get("inference_geo"))


def traffic_tier(said: object) -> str:
    """The same of the traffic that Vertex says an answer was."""
    if not isinstance(said, str):
        return ""
    return tier_of(said.removeprefix(PAID_AS_USED))


def at_tier(usage: Usage | None, said: object) -> Usage | None:
    """The same at the tier that stands beside it, where it names none itself."""
    if usage is None or usage.tier or not (tier := tier_of(said)):
        return usage
    return attrs.evolve(usage, tier=tier)
