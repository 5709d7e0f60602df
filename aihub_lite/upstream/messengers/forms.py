"""Alerts as each service takes them: one POST.

Sources, read in November 2026: Standard Webhooks 1.0 (standardwebhooks.com); docs.ntfy.sh/publish (publish as JSON);
docs.slack.dev "Sending messages using incoming webhooks"; discord.com/developers "Execute Webhook"; core.telegram.org/
bots/api "sendMessage".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

import attrs
import msgspec

from aihub_lite.domain.alerts.destination import Service, ServiceAddress, host_text
from aihub_lite.domain.alerts.events import Alert, topic_of
from aihub_lite.domain.clock import moment_text

WEBHOOK_SECRET = "whsec_"  # noqa: S105  what a secret of Standard Webhooks begins with
MOST_CHARACTERS = {"ntfy": 3500, "slack": 3500, "discord": 1900, "telegram": 3900, "apprise": 3500}
"""Of a text: ntfy takes 4,096 bytes, Discord 2,000 characters, Telegram 4,096; of Slack's 40,000 nobody reads more."""
QUIET_LINKS = 4
"""Discord's flag for no previews of links."""
HIGH = 5
NORMAL = 3
"""ntfy's priorities, of 1 to 5."""


@attrs.frozen(kw_only=True)
class AlertLetter:
    """What is sent together, and under which names."""

    id: str
    """The same in every try of the same alerts, so that a receiver can tell what it has had."""
    alerts: Sequence[Alert]
    public_url: str
    """Where the console is; empty where nobody said, and then there are no links."""
    now: int
    """Unix seconds."""

    @property
    def title(self) -> str:
        """One line for all."""
        if len(self.alerts) == 1:
            return self.alerts[0].title
        return f"{len(self.alerts)} alerts of aihub-lite"

    @property
    def critical(self) -> bool:
        """Whether any of them is."""
        return any(alert.critical for alert in self.alerts)

    def link(self, alert: Alert) -> str:
        """To the page that an alert is about; empty where there is none."""
        if not self.public_url or not alert.page:
            return ""
        return self.public_url + alert.page


@attrs.frozen
class Post:
    """One request."""

    url: str = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)


def text_of(letter: AlertLetter, most: int, *, headed: bool = True, escape: Callable[[str], str] = str) -> str:
    """All that a letter says, as lines; what is beyond `most` characters is counted instead."""
    parts: list[str] = []
    size = 0
    for number, alert in enumerate(letter.alerts):
        lines = [alert.advice, letter.link(alert)]
        if headed or len(letter.alerts) > 1:
            lines.insert(0, alert.title)
        part = "\n".join(escape(line) for line in lines if line)
        size += len(part) + 2
        if parts and size > most:
            parts.append(f"… and {len(letter.alerts) - number} more: see the console")
            break
        parts.append(part[:most])
    return "\n\n".join(parts)


def _webhook(target: ServiceAddress, letter: AlertLetter, secret: str) -> Post:
    alerts = [
        {
            "event": alert.event,
            "topic": topic_of(alert.event),
            "title": alert.title,
            "text": alert.advice,
            "critical": alert.critical,
            "over": alert.over,
            "at": moment_text(alert.at),
            "link": letter.link(alert) or None,
        }
        for alert in letter.alerts
    ]
    body = msgspec.json.encode({"type": "aihub.alerts", "timestamp": moment_text(letter.now), "alerts": alerts})
    headers = {"webhook-id": letter.id, "webhook-timestamp": str(letter.now)}
    if secret:
        headers["webhook-signature"] = signature(secret, letter.id, letter.now, body)
    return Post(target.url, body, headers)


def signature(secret: str, letter_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of id, timestamp and body, joined by dots, in base64 (Standard Webhooks)."""
    digest = hmac.new(_key_of(secret), f"{letter_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _key_of(secret: str) -> bytes:
    """The bytes that a secret stands for: those of its base64 where it begins with `whsec_`, else its own."""
    if secret.startswith(WEBHOOK_SECRET):
        try:
            return base64.b64decode(secret.removeprefix(WEBHOOK_SECRET), validate=True)
        except (binascii.Error, ValueError):
            pass
    return secret.encode()


def _ntfy(target: ServiceAddress, letter: AlertLetter, _: str) -> Post:
    parts = urlsplit(target.url)
    body: dict[str, Any] = {
        "topic": parts.path.strip("/"),
        "title": letter.title,
        "message": text_of(letter, MOST_CHARACTERS["ntfy"], headed=False) or letter.title,
        "priority": NORMAL,
        "tags": ["warning"],
    }
    if letter.critical:
        body["priority"] = HIGH
    if all(alert.over for alert in letter.alerts):
        body["tags"] = ["white_check_mark"]
    if link := letter.link(letter.alerts[0]):
        body["click"] = link
    headers = {}
    if parts.password:
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password)}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    elif parts.username:
        headers["authorization"] = f"Bearer {unquote(parts.username)}"
    return Post(urlunsplit((parts.scheme, host_text(parts), "/", "", "")), msgspec.json.encode(body), headers)


def _slack(target: ServiceAddress, letter: AlertLetter, _: str) -> Post:
    text = text_of(letter, MOST_CHARACTERS["slack"], escape=_escaped)
    return Post(target.url, msgspec.json.encode({"text": text, "unfurl_links": False}))


def _escaped(text: str) -> str:
    """Slack's three characters that would begin a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _discord(target: ServiceAddress, letter: AlertLetter, _: str) -> Post:
    content = text_of(letter, MOST_CHARACTERS["discord"])
    body = {"content": content, "allowed_mentions": {"parse": []}, "flags": QUIET_LINKS}
    return Post(target.url, msgspec.json.encode(body))


def _telegram(target: ServiceAddress, letter: AlertLetter, _: str) -> Post:
    parts = urlsplit(target.url)
    asked = parse_qs(parts.query)
    body: dict[str, Any] = {
        "chat_id": asked["chat_id"][0],
        "text": text_of(letter, MOST_CHARACTERS["telegram"]),
        "link_preview_options": {"is_disabled": True},
    }
    thread = asked.get("message_thread_id", [""])[0]
    if thread.isdigit():
        body["message_thread_id"] = int(thread)
    path = parts.path.rstrip("/").removesuffix("/sendMessage") + "/sendMessage"
    return Post(urlunsplit((parts.scheme, parts.netloc, path, "", "")), msgspec.json.encode(body))


FORMS: Mapping[Service, Callable[[ServiceAddress, AlertLetter, str], Post]] = {
    "webhook": _webhook,
    "ntfy": _ntfy,
    "slack": _slack,
    "discord": _discord,
    "telegram": _telegram,
}
"""All but apprise's, which has many of its own."""
