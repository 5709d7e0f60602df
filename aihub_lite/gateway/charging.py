"""What is charged when a request does not simply succeed: policy as one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from aihub_lite.domain.usage import Outcome, Usage, UsageSource
from aihub_lite.wire.shapes import Counted, Request, Stream

Charge = Literal["nothing", "prompt", "relayed"]

ABORTS: Mapping[tuple[bool, bool, Outcome], Charge] = {
    # (streamed, content was relayed, how it ended)
    (True, False, "client_gone"): "nothing",
    (True, True, "client_gone"): "relayed",
    (False, False, "client_gone"): "prompt",
    (True, False, "stopped"): "nothing",
    (True, True, "stopped"): "relayed",
    (False, False, "stopped"): "prompt",
    (True, False, "error"): "nothing",
    (False, False, "error"): "nothing",
    (True, True, "cut_off"): "relayed",
}
"""A stream can be stopped upstream, so only what came is charged; a call that is not streamed runs to its end
upstream and bills there, so its prompt is charged even when nobody waits for the answer. What a stream "came" to is
for its surface to say: of speech it is the whole text, which the upstream has read before its first sound."""


def metered(asked: Request, answer: Counted) -> tuple[Usage, UsageSource]:
    """What an answer came to: the upstream's own count, or an estimate from what was relayed."""
    if answer.usage is not None:
        return answer.usage, "upstream"
    return answer.estimated(asked.prompt_estimate), "estimated"


def metered_so_far(asked: Request, stream: Stream) -> tuple[Usage, UsageSource]:
    """What a stream that ended early came to: some upstreams count along from the first chunk on, and their last
    count may be older than what was relayed since."""
    counted, source = metered(asked, stream)
    relayed = stream.estimated(asked.prompt_estimate)
    tokens, units = max(counted.completion_tokens, relayed.completion_tokens), max(counted.units, relayed.units)
    if stream.complete or (counted.completion_tokens, counted.units) == (tokens, units):
        return counted, source
    usage, modal = attrs.evolve(counted, completion_tokens=tokens, units=units, unit=relayed.unit), relayed.modal
    return usage.with_modal(modal) if modal else usage, "estimated"


def aborted(asked: Request, stream: Stream | None, outcome: Outcome) -> tuple[Usage, UsageSource]:
    """What is charged for a request that ended early; `stream` is None before any content."""
    charge = ABORTS[asked.stream, stream is not None, outcome]
    if charge == "relayed" and stream is not None:
        return metered_so_far(asked, stream)
    if charge == "prompt":
        return asked.usage(), "estimated"
    return Usage(), "none"
