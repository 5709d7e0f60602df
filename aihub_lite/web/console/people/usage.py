"""What a person or a team used lately, by model, as their pages show it."""

from __future__ import annotations

from datetime import UTC

from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.reports.dimensions import Dimension
from aihub_lite.storage.reports.question import sum_of
from aihub_lite.web.reports.figures import figures
from aihub_lite.web.spans import span_of
from aihub_lite.web.sums import sums_json
from aihub_lite.web.views import Json

SPAN = "7d"
"""What somebody does lately; Statistics has more of it."""
MOST_MODELS = 10
"""Models that have a row each; the others share one."""


async def usage_by_model(gateway: Gateway, dimension: Dimension, member: str) -> Json:
    """`rows` for the dearest models of the last 7 days, and one without a name for `others`: how many those are."""
    span = span_of(SPAN, "", "", gateway.clock.wall(), UTC)
    used = (await figures(gateway, span, ("model",), {dimension: member})).members
    rows = [{"name": each.name, **sums_json(each.total)} for each in used[:MOST_MODELS]]
    others = used[MOST_MODELS:]
    if others:
        rows.append({"name": "", **sums_json(sum_of(each.total for each in others))})
    return {"rows": rows, "others": len(others)}
