"""What is charged when a request does not simply succeed: policy as one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from aihub_lite.domain.usage import Outcome, Usage, UsageSource, believable
from aihub_lite.wire.protocols import Metered, Stream

Charge = Literal["nothing", "prompt", "relayed"]

ABORTS: Mapping[tuple[bool, bool, Outcome], Charge] = {
    # (streamed, content was relayed, how it ended)
    (True, False, "client_gone"): "prompt",
    (True, True, "client_gone"): "relayed",
    (False, False, "client_gone"): "prompt",
    (True, False, "stopped"): "prompt",
    (True, True, "stopped"): "relayed",
    (False, False, "stopped"): "prompt",
    (True, False, "error"): "nothing",
    (False, False, "error"): "nothing",
    (True, True, "cut_off"): "relayed",
}
"""A stream can be stopped upstream, so only what was relayed is charged, and the prompt, which the upstream has read.
A call that is not streamed runs to its end upstream and bills there, so its prompt is charged even when nobody waits
for the answer. What was relayed is for the stream to say: of speech it is the whole text, which the upstream has read
before its first sound.

Before any content a prompt is charged once at most, and only while an upstream has it: not while the next one is
connected to, and not one that refused or failed."""


def metered_usage(prompt: Usage, answer: Metered) -> tuple[Usage, UsageSource]:
    """What an answer came to: the upstream's own count, or an estimate of what that leaves out or cannot be.

    `prompt` is our own count of it: sound and pictures in it are billed as such there too.
    """
    own = answer.estimated(prompt.prompt_tokens)
    if prompt.modal is not None and own.modal is None:
        own = own.with_modal(prompt.modal)
    usage = believable(answer.usage, own)
    source: UsageSource = "estimated"
    if usage is answer.usage:
        source = "upstream"
    if usage.hosted is None:  # what was seen to run is no estimate
        usage = usage.with_hosted(own.hosted)
    return usage, source


def usage_so_far(prompt: Usage, stream: Stream) -> tuple[Usage, UsageSource]:
    """What a stream that ended early came to.

    Some upstreams report usage from the first chunk on, and their last report may be older than what was relayed since.
    """
    counted, source = metered_usage(prompt, stream)
    relayed = stream.estimated(prompt.prompt_tokens)
    tokens = max(counted.completion_tokens, relayed.completion_tokens)
    units = max(counted.units, relayed.units)
    hosted = counted.hosted
    if relayed.hosted is not None:
        hosted = relayed.hosted.most(hosted)
    if stream.complete or (counted.completion_tokens, counted.units, counted.hosted) == (tokens, units, hosted):
        return counted, source
    usage = attrs.evolve(
        counted, completion_tokens=tokens, units=units, unit=relayed.unit, hosted=hosted, upstream_cost_nano=None
    )  # what it cost so far is as old as the count
    if relayed.modal:
        usage = usage.with_modal(relayed.modal)
    return usage, "estimated"


@attrs.frozen
class Aborted:
    """A request that ended early, as far as it had come."""

    streamed: bool
    prompt: Usage
    """By our own count: what is held for it at least."""
    asked: bool
    """Whether an upstream has the whole request, and has not refused it."""
    begun: Stream | None
    """What its upstream has said so far; None before its head was in."""
    relayed: Stream | None
    """The same, once some of it was relayed."""

    def usage(self, outcome: Outcome) -> tuple[Usage, UsageSource]:
        """What is charged for it."""
        charge = ABORTS[self.streamed, self.relayed is not None, outcome]
        if charge == "relayed" and self.relayed is not None:
            return usage_so_far(self.prompt, self.relayed)
        if charge == "nothing" or not self.asked:
            return Usage(), "none"
        # Anthropic says what the prompt came to before the first content.
        if self.begun is not None and self.begun.usage is not None:
            return usage_so_far(self.prompt, self.begun)
        return self.prompt, "estimated"
