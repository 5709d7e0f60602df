"""Where alerts are sent: a service and an address there, which opens it for whoever knows it and so is a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import SplitResult, parse_qs, urlsplit

import attrs

from aihub_lite.domain.addresses import address_of
from aihub_lite.domain.alerts.events import TOPICS
from aihub_lite.domain.alerts.quiet import QuietHours
from aihub_lite.domain.overrides import Secret
from aihub_lite.domain.validation import check_name
from aihub_lite.errors import InvalidRequest

Service = Literal["webhook", "ntfy", "slack", "discord", "telegram", "apprise"]
ENV = "env:"
PREFIXED = re.compile(r"(webhook|ntfy|slack|discord|telegram)\+(https?://.*)", re.ASCII | re.DOTALL)
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,30}(?=://)", re.ASCII | re.IGNORECASE)
VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
HOSTS: Mapping[str, Service] = {
    "hooks.slack.com": "slack",
    "hooks.slack-gov.com": "slack",
    "discord.com": "discord",
    "discordapp.com": "discord",
    "ntfy.sh": "ntfy",
    "api.telegram.org": "telegram",
}
"""Services that are known by the host of their addresses; of others, `ntfy+https://…` says which it is."""
BOT = re.compile(r"/bot[^/]+(?:/sendMessage)?/?", re.ASCII)
LONGEST = 2000
"""Characters of an address."""
SECRET = re.compile(r"[!-~]{16,200}", re.ASCII)
METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
METADATA = frozenset(
    map(address_of, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"))
)
"""Where clouds hand out credentials to whoever asks from inside, beside the link-local addresses."""
WRONG = "url: must be https://… of a webhook or a service, env:NAME, or an address of apprise like mailto://…"


@attrs.frozen(kw_only=True)
class AlertDestination:
    """One place that alerts are sent to."""

    id: str
    name: str
    url: Secret
    """As it was typed: `https://…`, `ntfy+https://…`, an address of apprise, or `env:NAME`."""
    secret: Secret = Secret("")
    """What a webhook is signed with, or `env:NAME`."""
    topics: tuple[str, ...] = ()
    """What it is told of; empty for everything."""
    quiet: str = ""
    """As QuietHours reads them; empty for none."""
    urgent: bool = False
    """Whether critical alerts pass the quiet hours."""
    enabled: bool = True
    created_at: int

    def wants(self, topic: str) -> bool:
        """Whether it is told of a topic."""
        return not self.topics or topic in self.topics

    def held_until(self, wall: float, *, critical: bool) -> float:
        """When an alert of Unix time `wall` is sent: then, or when quiet hours are over."""
        if not self.quiet or (critical and self.urgent):
            return wall
        return QuietHours.of(self.quiet).until(wall) or wall

    @property
    def shown_url(self) -> str:
        """What of the address may be seen: no path, user or query."""
        if self.url.value.startswith(ENV):
            return self.url.value
        target = target_of(self.url.value)
        if target.service == "apprise":
            return f"{target.url.partition(':')[0]}://…"
        parts = urlsplit(target.url)
        return f"{parts.scheme}://{host_text(parts)}/…"


@attrs.frozen
class ServiceAddress:
    """An address, and whose it is."""

    service: Service
    url: str = attrs.field(repr=False)


def target_of(address: str) -> ServiceAddress:
    """Which service an address belongs to; raises InvalidRequest, which does not repeat it."""
    if len(address) > LONGEST or not address.isprintable():
        raise InvalidRequest(WRONG)
    if prefixed := PREFIXED.fullmatch(address):
        target = ServiceAddress(prefixed[1], prefixed[2])  # type: ignore[arg-type]
    elif address.lower().startswith(("https://", "http://")):
        target = ServiceAddress(HOSTS.get(_split(address).hostname or "", "webhook"), address)
    elif SCHEME.match(address):
        target = ServiceAddress("apprise", address)
    else:
        raise InvalidRequest(WRONG)
    _check(target)
    return target


def resolved(ref: Secret, environ: Mapping[str, str]) -> str:
    """A secret itself, or what is in its variable; empty where that is not set."""
    if ref.value.startswith(ENV):
        return environ.get(ref.value.removeprefix(ENV), "").strip()
    return ref.value


def checked_destination(destination: AlertDestination) -> AlertDestination:
    """The destination, its quiet hours with their zone; raises InvalidRequest for what cannot be one."""
    check_name(destination.name)
    url = destination.url.value
    if url.startswith(ENV):
        if not VARIABLE.fullmatch(url):
            raise InvalidRequest("url: env: needs the name of a variable")
    else:
        target_of(url)
    secret = destination.secret.value
    if secret and not (VARIABLE if secret.startswith(ENV) else SECRET).fullmatch(secret):
        raise InvalidRequest("secret: must be 16 to 200 visible characters, or env:NAME")
    unknown = [topic for topic in destination.topics if topic not in TOPICS]
    if unknown:
        raise InvalidRequest(f"events: {unknown[0][:32]!r} is none; there are {', '.join(TOPICS)}")
    if destination.quiet:
        try:
            quiet = QuietHours.of(destination.quiet)
        except ValueError as error:
            raise InvalidRequest(f"quiet: {error}") from None
        return attrs.evolve(destination, quiet=quiet.text)
    return destination


def is_metadata(host: str) -> bool:
    """Whether a host is one that must not be asked: link-local, or a cloud's service for its own machines."""
    host = host.strip("[]").rstrip(".").lower()
    try:
        address = address_of(host.partition("%")[0])
    except ValueError:
        return host in METADATA_NAMES
    return address.is_link_local or address in METADATA


def host_text(parts: SplitResult) -> str:
    """Host and port of an address, without its user."""
    return parts.netloc.rpartition("@")[2]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise InvalidRequest(WRONG) from None
    return parts


def _check(target: ServiceAddress) -> None:
    if target.service == "apprise":
        try:
            host = urlsplit(target.url).hostname or ""
        except ValueError:
            host = ""  # many of them are no URLs but in form
    else:
        parts = _split(target.url)
        host = parts.hostname or ""
        if not host or parts.fragment:
            raise InvalidRequest(WRONG)
        _check_path(target.service, parts)
    if is_metadata(host):
        raise InvalidRequest("url: addresses of a cloud's own services are not asked")


def _check_path(service: Service, parts: SplitResult) -> None:
    if service == "telegram":
        chats = parse_qs(parts.query).get("chat_id", [])
        if not BOT.fullmatch(parts.path) or len(chats) != 1:
            raise InvalidRequest("url: Telegram's is https://api.telegram.org/botTOKEN/sendMessage?chat_id=CHAT")
    if service == "ntfy" and not re.fullmatch(r"/[A-Za-z0-9_-]{1,64}/?", parts.path):
        raise InvalidRequest("url: ntfy's ends with the topic, like https://ntfy.sh/TOPIC")
