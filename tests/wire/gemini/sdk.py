"""Google's own SDK as a judge: are these the requests it would send?"""

from __future__ import annotations

from typing import Any

from google.genai import types
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class _Body(BaseModel):
    """The body of generateContent, which the SDK has no one type for: its parts are all its own."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=False)

    contents: list[types.Content]
    system_instruction: types.Content | None = None
    tools: list[types.Tool] | None = None
    tool_config: types.ToolConfig | None = None
    safety_settings: list[types.SafetySetting] | None = None
    generation_config: types.GenerationConfig | None = None
    cached_content: str | None = None
    service_tier: types.ServiceTier | None = None


FREE = frozenset(
    {"args", "response", "parametersJsonSchema", "responseJsonSchema", "parameters", "responseSchema", "safetySettings"}
)
"""Fields whose inside is the client's: whatever it holds, nulls too, is passed on."""


def check_request(body: dict[str, Any]) -> None:
    """Every field known and of its type, no null for an absent one, and the shapes that Gemini refuses not there."""
    _Body.model_validate(body)
    assert not list(_nulls(body, ""))
    assert body["contents"]
    for content in body["contents"]:
        assert content["role"] in ("user", "model")
        assert content["parts"]
        for part in content["parts"]:
            kinds = part.keys() - {"thought", "thoughtSignature", "mediaResolution"}
            assert 1 == len(kinds), part
            assert part.get("text") != "" or "thoughtSignature" in part, "an empty text"


def _nulls(value: Any, path: str) -> Any:
    if value is None:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in FREE:
                yield from _nulls(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _nulls(inner, f"{path}[]")
