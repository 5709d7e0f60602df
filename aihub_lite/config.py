"""Every setting, its default and its reason; the only reader of the environment.

A setting `name` is read from `AIHUB_NAME`; `serve` has flags for the common ones. Those that are `live` may also be
set while the gateway runs: that overrides the default, never a variable or a flag.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_type_hints

import attrs
from attrs.validators import ge, gt, in_, le

from aihub_lite.domain.rules import checked_base_url
from aihub_lite.errors import InvalidRequest

PREFIX = "AIHUB_"
MANY = 1_000_000_000
COUNT = (ge(0), le(MANY))
ADDRESS = re.compile(r"https?://[\w.:\[\]-]+(?:/[\w.~/-]*)?", re.ASCII)
"""Nothing that means anything to a shell or a program: people copy lines with it."""


def default_data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's data directory: XDG on Linux, Application Support on macOS, LocalAppData on Windows."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "aihub-lite"
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "aihub-lite"
    return Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "aihub-lite"


def setting(
    default: Any, reason: str, *checks: Any, live: bool = False, converter: Callable[[Any], Any] | None = None
) -> Any:
    """An attrs field with the reason for its default, and whether a change needs no restart, in its metadata."""
    metadata = {"reason": reason, "live": live}
    return attrs.field(default=default, validator=list(checks), metadata=metadata, converter=converter)


def networks(_: Any, field: attrs.Attribute[str], text: str) -> None:
    """A validator: every part is a network or an address."""
    for part in filter(None, (each.strip() for each in text.split(","))):
        try:
            ip_network(part, strict=False)
        except ValueError:
            raise ValueError(f"'{field.name}': {part!r} is not a network like 10.0.0.0/8") from None


def web_address(_: Any, field: attrs.Attribute[str], text: str) -> None:
    """A validator: where a browser finds something, or nothing."""
    if not text:
        return
    try:
        checked_base_url(text)
    except InvalidRequest as refusal:
        raise ValueError(f"'{field.name}': {refusal.message.partition(': ')[2]}") from None
    if not ADDRESS.fullmatch(text):
        raise ValueError(f"'{field.name}': must be http:// or https:// with a host and at most a plain path")


def without_version(text: Any) -> Any:
    """An address as it is, but for the `/v1` that people copy along with it."""
    return text.rstrip("/").removesuffix("/v1").rstrip("/") if isinstance(text, str) else text


@attrs.frozen(kw_only=True)
class Settings:
    """What an operator may set. Durations in seconds, sizes in bytes; 0 switches a limit off where it says so."""

    data_dir: Path = attrs.field(factory=default_data_dir, metadata={"reason": "one directory to back up"})
    host: str = setting("127.0.0.1", "nothing is exposed unless asked for")
    port: int = setting(4242, "0 takes a free port", ge(0), le(65535))
    certfile: Path | None = setting(None, "PEM; with `keyfile` serves TLS and HTTP/2")
    keyfile: Path | None = setting(None, "PEM")

    public_url: str = setting(
        "", "where clients find the gateway; empty = as each asked", web_address, live=True, converter=without_version
    )

    rpm: int = setting(180, "requests per minute and token, the public contract; 0 = none", *COUNT, live=True)
    console_rpm: int = setting(
        120, "requests per minute and console session, the public contract; 0 = none", *COUNT, live=True
    )
    auth_failures_per_minute: int = setting(
        20, "failed authentications of clients, per address; 0 = none", *COUNT, live=True
    )
    admin_failures_per_minute: int = setting(
        10, "wrong admin keys per address, the public contract; 0 = none", *COUNT, live=True
    )
    max_body_bytes: int = setting(32 * 2**20, "room for 20 MB of images in base64", gt(0))
    body_timeout: float = setting(30.0, "between two pieces of a request body", gt(0))
    max_in_flight: int = setting(1024, "relayed requests at once; above it 503", gt(0), le(MANY), live=True)
    trusted_proxies: str = setting("", "comma-separated CIDRs whose X-Forwarded-For is believed", networks)

    connect_timeout: float = setting(5.0, "a reachable upstream accepts in milliseconds", gt(0))
    first_byte_timeout: float = setting(120.0, "reasoning models think before the first byte", gt(0))
    idle_timeout: float = setting(120.0, "between two chunks of an answer", gt(0))
    total_timeout: float = setting(1800.0, "a whole answer", gt(0))
    write_timeout: float = setting(60.0, "a client that reads nothing for so long has left", gt(0))
    max_attempts: int = setting(3, "tries per request, over channels and keys", ge(1), le(100), live=True)
    max_answer_bytes: int = setting(64 * 2**20, "an answer that is not streamed is held in memory once", gt(0))
    max_event_bytes: int = setting(8 * 2**20, "one event of a stream; images in base64 are large", gt(0))

    keepalive_after: float = setting(10.0, "clients and proxies give up on silence from 15 s on", gt(0))
    keepalive_event_after: float = setting(50.0, "comments do not reset some clients' 60 s idle timers", gt(0))
    abort_grace: float = setting(30.0, "a client left a call that is not streamed: wait for its true usage", ge(0))
    usage_grace: float = setting(5.0, "a client left after finish_reason: wait for the usage chunk", ge(0))
    drain_timeout: float = setting(30.0, "SIGTERM: how long running requests may take to finish", ge(0))

    fault_threshold: int = setting(5, "faults in a row before a channel cools down", ge(1))
    fault_cooldown: float = setting(30.0, "times the number of cooldowns in a row, at most ten times this", gt(0))
    max_cooldown: float = setting(300.0, "a Retry-After beyond this is not believed", gt(0))

    retention_days: int = setting(0, "days that usage records are kept; 0 = for ever", ge(0), le(36_500), live=True)
    strict: bool = setting(False, "400 for parameters that a translated upstream cannot take, instead of dropping them")
    completion_hold: int = setting(4096, "completion tokens held when a request names no maximum", ge(0))
    completion_hold_cap: int = setting(16384, "more is not held: agents ask for 64k and use little", ge(0))
    synchronous: str = setting("FULL", "a booked answer survives a power cut", in_(("FULL", "NORMAL")))
    discover_local: bool = setting(True, "look for Ollama, LM Studio and vLLM on this machine at start")
    log_level: str = setting("INFO", "DEBUG, INFO, WARNING or ERROR", in_(("DEBUG", "INFO", "WARNING", "ERROR")))

    sources: Mapping[str, str] = attrs.field(factory=dict, eq=False)
    """Those that were given, each with where: `AIHUB_RPM` or `--rpm`."""


HINTS: Mapping[str, Any] = get_type_hints(Settings)
REASONS: Mapping[str, str] = {
    field.name: field.metadata["reason"] for field in attrs.fields(Settings) if "reason" in field.metadata
}
"""Why each setting is as it is, by name: the names of all settings."""
LIVE = tuple(field.name for field in attrs.fields(Settings) if field.metadata.get("live"))
"""What may be set while the gateway runs."""


class BadSetting(ValueError):
    """A setting is not valid; the text is `name: what is wrong`, never a secret."""


def load(environ: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
    """Settings from `AIHUB_*` variables, then from flags, `overrides` that are not None; raises BadSetting."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name in REASONS:
        variable = variable_of(name)
        if text := environ.get(variable):
            values[name], sources[name] = parsed(name, text, variable), variable
    flags = {name: value for name, value in overrides.items() if value is not None}
    sources.update({name: f"--{name.replace('_', '-')}" for name in flags})
    return changed(Settings(), **{**values, **flags}, sources=sources)


def changed(settings: Settings, **values: Any) -> Settings:
    """Settings with other values, checked; raises BadSetting."""
    try:
        return attrs.evolve(settings, **values)
    except (ValueError, TypeError) as error:
        raise BadSetting(re.sub(r"^'(\w+)':? ", r"\1: ", str(error.args[0]))) from None


def variable_of(name: str) -> str:
    """The variable that a setting is read from."""
    return PREFIX + name.upper()


def parsed(name: str, text: str, called: str = "") -> Any:
    """A setting's value as somebody types it; raises BadSetting, which names it as it was `called`."""
    kind = HINTS[name]
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
        if kind in (int, float):
            return kind(text)
        return Path(text) if kind in (Path, Path | None) else text
    except (KeyError, ValueError):
        raise BadSetting(f"{called or name}: {text!r} is not a valid value") from None
