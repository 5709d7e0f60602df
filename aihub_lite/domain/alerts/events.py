"""What people are told of: each with what it is and what to do about it. Texts hold names, ids and figures of ours.

Nothing that an upstream said goes into an alert, nor anything of a request: either may repeat a prompt or a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import attrs

from aihub_lite.domain.alerts.condition import Condition

Topic = Literal["key", "channel", "budget", "spend", "runaway", "disk", "backup", "drift", "downgrade"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
"""What a destination may choose from."""
Ending = Literal["well", "deleted", "disabled", "off"]
"""Why something holds no more: it is well, or what had it was deleted, disabled or switched off."""
TEST = "test"
HUNDRED = 100


@attrs.frozen(kw_only=True)
class Event:
    """Something worth an alert. Texts may name `{subject}`, `{part}` and `{figure}` of a condition."""

    topic: Topic
    title: str
    advice: str
    page: str
    """Of the console; may name `{id}`."""
    critical: bool = False
    """Whether it may pass quiet hours."""
    over: Mapping[Ending, str] = attrs.field(factory=dict)
    """What is said when it is over, by why it is; nothing where it has no word for that."""


CHANNELS = "/console/channels"
CHANNEL = "/console/channels/{id}"
PERSON = "/console/people/{id}"
TOKEN = "/console/tokens/{id}"  # noqa: S105  the path of a page
POT = "/console/pots/{id}"
SETTINGS = "/console/settings"

EVENTS: Mapping[str, Event] = {
    "key_refused": Event(
        topic="key",
        title="Key {part} of channel {subject} is out of use",
        advice="Its upstream refused it, or it cannot be read. Put a good key in its place, or bring it back.",
        page=CHANNEL,
    ),
    "key_rests": Event(
        topic="key",
        title="Key {part} of channel {subject} is spent or refused for a while",
        advice="Look at the account's balance and rights at the provider. It is tried again from {figure}.",
        page=CHANNEL,
    ),
    "channel_down": Event(
        topic="channel",
        title="Channel {subject} is down",
        advice="Requests go to other channels where there are any. Test it on its page, which says what went wrong.",
        page=CHANNEL,
        critical=True,
        over={
            "well": "Channel {subject} is well again: it is down no more",
            "deleted": "Channel {subject}, which was down, is deleted",
            "disabled": "Channel {subject}, which was down, is disabled",
        },
    ),
    "budget_80": Event(
        topic="budget",
        title="{subject} has used 80 % of a limit",
        advice="Requests are refused when nothing is left: raise the limit, or see what it is spent on.",
        page=POT,
    ),
    "budget_100": Event(
        topic="budget",
        title="{subject} has used all of a limit",
        advice="Its requests are refused until the budget refills or somebody raises it.",
        page=POT,
        critical=True,
    ),
    "spend_fast": Event(
        topic="spend",
        title="Spending is faster than usual: {figure}",
        advice="See by token and model where it comes from, and disable the token that runs away.",
        page="/console/statistics",
        critical=True,
    ),
    "runaway": Event(
        topic="runaway",
        title="Token {subject} is paused for safety: {figure}",
        advice="Its requests are refused for good. Stop what asks so much; then resume the token on its page, or with: "
        "aihub-lite token resume {id}",
        page=TOKEN,
        critical=True,
    ),
    "runaway_person": Event(
        topic="runaway",
        title="{subject}, with all of their tokens, is paused for safety: {figure}",
        advice="Requests of their tokens are refused for good. Stop what asks so much; then resume the person on their "
        "page, or with: aihub-lite person resume {id}",
        page=PERSON,
        critical=True,
    ),
    "disk": Event(
        topic="disk",
        title="The disk of the data directory is nearly full: {figure} left",
        advice="Make room, or keep usage records for fewer days. Without room no request is served.",
        page=SETTINGS,
        critical=True,
        over={"well": "The disk of the data directory has room again"},
    ),
    "backup_failed": Event(
        topic="backup",
        title="A backup failed",
        advice="The log says why. Until one succeeds, the last good copy grows old.",
        page=SETTINGS,
        critical=True,
        over={
            "well": "A backup succeeded again",
            "off": "No backups are made each day any more: they are switched off",
        },
    ),
    "drift": Event(
        topic="drift",
        title="Channel {subject} reports {figure} times the tokens that its answers have",
        advice="Ask the model's own provider the same and compare; lower its priority, or disable it.",
        page=CHANNEL,
    ),
    "downgrade": Event(
        topic="downgrade",
        title="An older aihub-lite met the database of a newer one, and did not start",
        advice="Start the newer release again, or restore the backup from before the upgrade. Nothing was changed.",
        page=SETTINGS,
        critical=True,
    ),
}
BY_KIND: Mapping[str, str] = {
    "key_disabled": "key_refused",
    "key_rests": "key_rests",
    "channel_disabled": "channel_down",
    "cooling_down": "channel_down",
    "failing": "channel_down",
    "spend_fast": "spend_fast",
    "runaway": "runaway",
    "runaway_person": "runaway_person",
    "disk": "disk",
    "backup_failed": "backup_failed",
    "drift": "drift",
}
"""The event of each kind of condition, but for limits, which have two."""
LIMITS = ("near_limit", "pot_near_limit")


@attrs.frozen(kw_only=True)
class Alert:
    """What is told. It is kept until it has arrived, so it is complete in itself."""

    event: str
    title: str
    advice: str
    page: str
    """Path of the page that it is about; empty for none."""
    critical: bool = False
    over: bool = False
    """Whether it says that something is over."""
    at: int
    """Unix seconds."""


def events_of(condition: Condition) -> tuple[str, ...]:
    """The events that a condition stands for, the gravest first; most stand for none."""
    if condition.kind in LIMITS:
        if condition.used >= HUNDRED:
            return ("budget_100", "budget_80")
        return ("budget_80",)
    event = BY_KIND.get(condition.kind)
    return (event,) if event else ()


def key_of(event: str, condition: Condition) -> str:
    """By which an event is known as the same one again."""
    part = condition.part
    if condition.kind == "near_limit":
        part = "quota"
    return ":".join((event, condition.id, part))


def id_of(key: str) -> str:
    """Of what has the condition that is known by a key; empty for the gateway's own."""
    return key.split(":")[1]


def alert_of(event: str, condition: Condition, at: float) -> Alert:
    """What is told when it begins."""
    what = EVENTS[event]
    words = {"subject": condition.subject, "part": condition.part, "figure": condition.figure, "id": condition.id}
    page = what.page
    if condition.kind == "near_limit":
        page = TOKEN
    return Alert(
        event=event,
        title=what.title.format(**words),
        advice=what.advice.format(**words),
        page=page.format(**words),
        critical=what.critical,
        at=int(at),
    )


def over_alert(event: str, ending: Ending, subject: str, page: str, at: float) -> Alert | None:
    """What is told when it is over; None where that is not worth a word."""
    what = EVENTS.get(event)
    if what is None or ending not in what.over:
        return None
    title = what.over[ending].format(subject=subject)
    if ending == "deleted":
        page = CHANNELS
    return Alert(event=event, title=title, advice="", page=page, over=True, at=int(at))


def test_alert(at: float) -> Alert:
    """What a test sends."""
    return Alert(
        event=TEST,
        title="A test of aihub-lite's alerts",
        advice="Nothing is wrong: somebody asked for this.",
        page="/console/alerts",
        at=int(at),
    )


def topic_of(event: str) -> str:
    """By which destinations choose."""
    what = EVENTS.get(event)
    if what is None:
        return TEST
    return what.topic
