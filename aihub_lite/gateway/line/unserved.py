"""What to tell where no enabled channel of a token's group offers a model.

Three cases, which a client has to tell apart: nobody offers the model, channels offer it but all are disabled, or it is
not known yet what a channel offers. Channels that merely cool down are the router's case.
"""

from __future__ import annotations

import re

import attrs

from aihub_lite.domain.token import Token
from aihub_lite.errors import ChannelsDisabled, GatewayError, ModelNotAllowed, NoChannel, UnknownModel
from aihub_lite.gateway.state.registry import Registry

OWN_404 = frozenset({"messages", "responses"})
"""Surfaces whose own APIs answer 404 for a model that is not there, and whose clients ask once then. On chat the public
contract is 503."""


@attrs.frozen
class Hammer:
    """A client that takes any 503 for an outage and keeps asking, whatever `x-should-retry` says."""

    name: str
    user_agent: re.Pattern[str]
    """Found in what it says of itself."""
    measured: str
    """What it did after a 503 for a model that nobody offers; after a 404 each asked once and showed the text."""


def hammer(name: str, user_agent: str, measured: str) -> Hammer:
    """One row of the table below."""
    return Hammer(name, re.compile(user_agent, re.IGNORECASE | re.ASCII), measured)


HAMMERS = (
    hammer("Codex 0.169.0", r"\bcodex", "30 requests in 24 s"),
    hammer("aider 0.86.2", r"\b(aider|litellm)/", "9 requests in 64 s"),
    hammer("opencode 1.18.33", r"\bopencode/", "9 requests in 72 s"),
    hammer("Qwen Code 0.15.10", r"\bqwen-?code/", "7 requests in 90 s, then one every 60 s"),
    # Its bundle has shortened the name of the SDK in it: `ls/JS 5.23.2`.
    hammer("Continue 1.5.47", r"\bcontinue(-cli)?/|\A[a-z]{1,2}/JS ", "still asking after 60 s"),
    # It goes by the name of its SDK, which does not read `x-should-retry`: `ai-sdk/openai-compatible/3.0.37 …`.
    hammer("Cline 3.0.65", r"\bcline/|\bai-sdk/", "still asking after 60 s"),
    hammer("LangChain.js 1.5.8", r"\blangchain-?js", "still asking after 105 s"),
)
"""Measured on 2026-11-26, each without a screen and through a tap. aider with OpenAI's API goes by the name of
openai-python (`OpenAI/Python 2.20.0`), which reads `x-should-retry`: it cannot be told from the others there."""


def hammers(user_agent: str) -> bool:
    """Whether a client that says this of itself was measured to keep asking."""
    return any(row.user_agent.search(user_agent) for row in HAMMERS)


def is_404(status: str, surface: str, user_agent: str) -> bool:
    """Whether a client is told 404 of a model that nobody offers; `status` as the setting `unknown_model_status`."""
    if status == "auto":
        return surface in OWN_404 or hammers(user_agent)
    return status == "404"


def none_has(model: str, group: str, path: str, *, unknown_is_404: bool) -> GatewayError:
    """The refusal of a request for a model that channels offer, but none of them on this surface."""
    why = f": none of those that offer it has {path}."
    if unknown_is_404:
        return UnknownModel(model, group, why)
    return NoChannel(model, group, why)


def unserved(model: str, token: Token, registry: Registry, *, unknown_is_404: bool) -> GatewayError:
    """The refusal of a request for a model that no enabled channel of the token's group offers."""
    resolved = registry.live_catalog.offered.plain(model)
    if resolved is not None:
        offered, names = resolved
        if not token.may_use(names):
            return ModelNotAllowed(f"This token may not use model {model}.")
        if offered.for_group(token.group):
            return ChannelsDisabled(model, token.group)
    if unknown_is_404 and not registry.channels.unlisted(token.group):
        return UnknownModel(model, token.group)
    return NoChannel(model, token.group)
