"""Claude at Google Vertex AI: the body of Anthropic Messages, as `rawPredict` and `streamRawPredict` take it.

platform.claude.com, "Claude on Vertex AI", read in November 2026; anthropic 2.14.0, `lib/vertex`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from aihub_lite.wire.json_types import JsonObject, JsonView

VERSIONS: Mapping[str, str] = {"2023-06-01": "vertex-2023-10-16"}
"""What versions of Anthropic's API are called there; later ones have the same name, as its own client has them."""
_DATED = re.compile(r"-(\d{8})$")


def vertex_id(model: str) -> str:
    """A model's id as it is written there: with `@` before a date."""
    return _DATED.sub(r"@\1", model)


def vertex_path(model: str, *, stream: bool) -> str:
    """Where a model is asked, below the project and the region."""
    verb = "rawPredict"
    if stream:
        verb = "streamRawPredict"
    return f"/publishers/anthropic/models/{quote(vertex_id(model), safe='@')}:{verb}"


def vertex_body(body: JsonView, version: str) -> JsonObject:
    """A body for a version of Anthropic's API as it is posted there: the path has the model, and the body the version.

    The betas stay in their header.
    """
    posted = {name: value for name, value in body.items() if name != "model"}
    posted["anthropic_version"] = VERSIONS.get(version, version)
    return posted
