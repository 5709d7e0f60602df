"""What a client is told whose token is paused: what happened, and who can resume it."""

from __future__ import annotations

import shlex

from aihub_lite.domain.safety.pause import SafetyPause, why
from aihub_lite.domain.token import Token

OWN_PAGE = "/console/me/tokens"


def refusal_text(pause: SafetyPause, token: Token, *, own_resume: bool) -> str:
    """One text for every surface; it names nothing but the token's own figures, and whose key it is knows its name."""
    if pause.by_hand and pause.holder == "person":
        said = "This token is paused, with all others of the person whose it is: an admin of this gateway did that."
    elif pause.by_hand:
        said = "This token is paused: an admin of this gateway did that."
    elif pause.holder == "person":
        # Without figures: whoever has one key of theirs need not know what all others spent.
        said = (
            "This token is paused for safety, with all others of the person whose it is: together they did far more"
            " than usual. Requests that had begun went on."
        )
    else:
        said = f"This token is paused for safety: {why(pause)}. Requests that had begun went on."
    command = f"aihub-lite token resume {shlex.quote(token.name)}"
    if pause.holder == "person":
        command = "aihub-lite person resume NAME"
    who = "An admin of this gateway"
    if own_resume:
        who = f"Whose it is, at {OWN_PAGE}, or an admin of this gateway"
    return f"{said} {who} can resume it, at the console or with: {command}"
