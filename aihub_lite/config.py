"""Every setting, its default and its reason; the only reader of the environment.

A setting `name` is read from `AIHUB_NAME`; `serve` has flags for the common ones. Those that are `live` may also be
set while the gateway runs: that overrides the default, never a variable or a flag.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import attrs
from attrs.validators import ge, gt, in_, le

from aihub_lite.domain.settings.checks import (
    amount,
    host_name,
    issuer_address,
    listen_address,
    mail_address,
    networks,
    passphrase,
    roles,
    secret_name,
    web_address,
    without_version,
)

PREFIX = "AIHUB_"
DATABASE = "aihub.db"
SERVER_FILE = "server.json"
"""In the data directory, written by a running server: `{"url", "pid", "key"}`, and `certfile` with TLS."""
MAX_COUNT = 1_000_000_000
COUNT = (ge(0), le(MAX_COUNT))
ALLOW = "allow"
REFUSE = "refuse"
LLHTTP = "llhttp"
HYPERCORN = "hypercorn"
SERVERS = (LLHTTP, HYPERCORN)
"""Who reads HTTP/1.1. HTTP/2 is Hypercorn's in either case."""
Security = Literal["starttls", "tls", "none"]
SECURE: tuple[Security, ...] = get_args(Security)
LOG_FORMATS = ("text", "json")
UNPRICED = (REFUSE, ALLOW)
"""What becomes of requests for a model without a price: of tokens with a quota or budget, that is."""


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
    """An attrs field whose metadata say why its default is what it is, and whether a change needs no restart."""
    metadata = {"reason": reason, "live": live}
    return attrs.field(default=default, validator=list(checks), metadata=metadata, converter=converter)


@attrs.frozen(kw_only=True)
class Settings:
    """What an operator may set. Durations in seconds, sizes in bytes; 0 switches a limit off where it says so."""

    data_dir: Path = attrs.field(factory=default_data_dir, metadata={"reason": "one directory to back up"})
    host: str = setting("127.0.0.1", "nothing is exposed unless asked for")
    port: int = setting(4242, "0 takes a free port", ge(0), le(65535))
    certfile: Path | None = setting(None, "PEM; with `keyfile` serves TLS and HTTP/2")
    keyfile: Path | None = setting(None, "PEM")
    server: str = setting(LLHTTP, "who reads HTTP/1.1: llhttp takes a tenth of hypercorn's time for it", in_(SERVERS))

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
    max_in_flight: int = setting(1024, "relayed requests at once; above it 503", gt(0), le(MAX_COUNT), live=True)
    trusted_proxies: str = setting("", "comma-separated CIDRs whose X-Forwarded-For is believed", networks)

    queue_timeout: float = setting(
        20.0, "how long a request waits while every channel is full; 0 = none does", ge(0), le(600), live=True
    )
    queue_length: int = setting(256, "requests that wait at once; others are told to come back", *COUNT, live=True)

    connect_timeout: float = setting(5.0, "a reachable upstream accepts in milliseconds", gt(0))
    first_byte_timeout: float = setting(120.0, "reasoning models think before the first byte", gt(0))
    idle_timeout: float = setting(120.0, "between two chunks of an answer", gt(0))
    answer_timeout: float = setting(600.0, "an answer that is not streamed, whole; the SDKs' own clock", gt(0))
    total_timeout: float = setting(1800.0, "a whole stream", gt(0))
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

    unknown_model_status: str = setting(
        "auto",
        "for a model that nobody offers; auto: 404 on messages, responses and to clients that hammer a 503, else 503",
        in_(("auto", "503", "404")),
        live=True,
    )
    unpriced: str = setting(
        REFUSE, "a model without a price spends no quota: tokens with one may not use it", in_(UNPRICED), live=True
    )
    guess_prices: str = setting(
        "on",
        "a reseller's model whose price is not known costs what its maker asks, marked as guessed; off: it is unpriced",
        in_(("on", "off")),
        live=True,
    )
    keep_answers: str = setting(
        "on",
        "answers on /v1/responses that a next request may point at, as OpenAI's clients do: in memory, for ten minutes",
        in_(("on", "off")),
        live=True,
    )
    own_resume: str = setting(
        "off",
        "whether people may resume their own tokens that the gateway has paused for safety; else an admin has to",
        in_(("on", "off")),
        live=True,
    )
    breaker: str = setting(
        "watch",
        "a token or person that spends far beyond its own past; watch: it is written down; on: it is paused; watch"
        " first, since nobody but you knows what is usual here",
        in_(("off", "watch", "on")),
        live=True,
    )
    breaker_floor_usd: str = setting(
        "1.5", "USD in an hour below which nothing is too much for the breaker", amount, live=True
    )
    breaker_floor_requests: int = setting(
        1000, "requests in an hour below which they are not too many for the breaker", ge(1), le(MAX_COUNT), live=True
    )
    breaker_times: int = setting(
        4,
        "times what is usual that the breaker finds too much; a few times what was the most is let pass",
        ge(2),
        le(1000),
        live=True,
    )
    breaker_repeats: int = setting(
        24,
        "times that a token may send the same whole conversation after its answer, within an hour; fewer where they are"
        " dear; 0 = any number",
        ge(0),
        le(MAX_COUNT),
        live=True,
    )
    docs: str = setting(
        "signed-in",
        "who may read /docs, with models and prices: who has a key, is signed in or sits at the machine; public; off",
        in_(("signed-in", "public", "off")),
        live=True,
    )
    model_refresh_hours: int = setting(
        6,
        "hours until upstreams' lists of models are read again; 0 = at a start and when asked only",
        ge(0),
        le(8760),
        live=True,
    )
    audit_days: int = setting(0, "days that the audit log is kept; 0 = for ever", ge(0), le(36_500), live=True)
    oidc_issuer: str = setting(
        "", "an issuer of OpenID Connect by which people sign in to the console; empty = none", issuer_address
    )
    oidc_client_id: str = setting("", "as whom the issuer knows this gateway")
    oidc_client_secret: str = setting("", "env:NAME, the variable that holds it; empty = a public client", secret_name)
    oidc_scopes: str = setting("openid profile email", "what the issuer is asked to say; some need groups as well")
    oidc_role_claim: str = setting("", "the claim whose words oidc_roles reads; empty = the issuer sets no roles")
    oidc_roles: str = setting(
        "", "roles by words of that claim, like gateway-admins=admin; all others are members", roles
    )
    oidc_team_claim: str = setting("", "the claim that names a team which is there; empty = the issuer sets no teams")
    oidc_only: bool = setting(False, "people sign in by the issuer alone; the admin key opens the console all the same")
    sign_up: str = setting(
        "off", "who may come in by the issuer uninvited: off, open, or domains of verified addresses, like example.org"
    )
    starting_credit: str = setting(
        "0", "USD of people who sign up by themselves; 0 = none, and no limit but budgets", amount, live=True
    )
    smtp_host: str = setting("", "who takes mails (invitations, requests for credit); empty = none is sent", host_name)
    smtp_port: int = setting(587, "of the mail server; 465 with smtp_security tls", ge(1), le(65535))
    smtp_security: Security = setting("starttls", "starttls is insisted on; tls from the first byte; none", in_(SECURE))
    smtp_user: str = setting("", "as whom the mail server knows this gateway; empty = nobody signs in there")
    smtp_password: str = setting("", "env:NAME, the variable that holds it", secret_name)
    smtp_from: str = setting("", "the address that mails come from", mail_address)
    mail_language: str = setting("en", "of mails: en or zh", in_(("en", "zh")))
    retention_days: int = setting(0, "days that usage records are kept; 0 = for ever", ge(0), le(36_500), live=True)
    backup_keep: int = setting(
        0, "backups of each day that are kept; 0 = none is made: each takes the disk of a database", *COUNT, live=True
    )
    backup_hour: int = setting(3, "the hour of the day, in UTC, in which one is made", ge(0), le(23), live=True)
    backup_dir: Path | None = setting(None, "for backups alone; empty = backups in the data directory")
    backup_passphrase: str = setting(
        "", "env:NAME or file:/path: backups are sealed with the passphrase there; empty = they are not", passphrase
    )
    config_passphrase: str = setting(
        "",
        "env:NAME or file:/path: what is sealed in the file of serve --config, and of export and apply, opens with it",
        passphrase,
    )
    strict: bool = setting(False, "400 for parameters that a translated upstream cannot take, instead of dropping them")
    completion_hold: int = setting(4096, "completion tokens held when a request names no maximum", ge(0))
    completion_hold_cap: int = setting(16384, "more is not held: agents ask for 64k and use little", ge(0))
    synchronous: str = setting("FULL", "a booked answer survives a power cut", in_(("FULL", "NORMAL")))
    discover_local: bool = setting(True, "look for Ollama, LM Studio and vLLM on this machine at start")
    metrics_listen: str = setting(
        "",
        "an address of its own for /metrics, like 127.0.0.1:9464, where whoever reaches it may read; empty = none",
        listen_address,
    )
    metrics_key: str = setting(
        "", "env:NAME, the variable with the key that /metrics takes, there and on the gateway's own port", secret_name
    )
    metrics_tokens: bool = setting(
        False, "metrics by the names of tokens as well: a thousand of them, and whoever reads metrics knows them"
    )
    log_requests: bool = setting(
        False, "a line of the log for each request: metadata, no key, nothing of what was said"
    )
    log_format: str = setting("text", "of all lines of the log: text, or json for programs", in_(LOG_FORMATS))
    pass_traceparent: bool = setting(
        False, "tell upstreams the client's trace: they learn which calls belong together; for those that are your own"
    )
    otlp_endpoint: str = setting(
        "", "a collector of OpenTelemetry (OTLP over HTTP), like http://127.0.0.1:4318; empty = none", web_address
    )
    log_level: str = setting("INFO", "DEBUG, INFO, WARNING or ERROR", in_(("DEBUG", "INFO", "WARNING", "ERROR")))

    sources: Mapping[str, str] = attrs.field(factory=dict, eq=False)
    """Where each setting that is not a default was set: `AIHUB_RPM` or `--rpm`."""


HINTS: Mapping[str, Any] = get_type_hints(Settings)
REASONS: Mapping[str, str] = {
    field.name: field.metadata["reason"] for field in attrs.fields(Settings) if "reason" in field.metadata
}
"""The reason of every setting, by its name."""
BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
LIVE = tuple(field.name for field in attrs.fields(Settings) if field.metadata.get("live"))
"""Names of the settings that may be set while the gateway runs."""


ELSEWHERE = (f"{PREFIX}ADMIN_KEY", f"{PREFIX}KEY")
"""Variables that are no settings: the admin key, and the one that Connect has Codex read a token's key from."""


class BadSetting(ValueError):
    """A setting is not valid; the text is `name: what is wrong`, never a secret."""


def load(environ: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
    """Settings from `AIHUB_*` variables, then from flags, `overrides` that are not None; raises BadSetting."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name in REASONS:
        variable = variable_of(name)
        # An empty variable is as good as none: compose files and unit files cannot unset one.
        if text := environ.get(variable):
            values[name] = parse_setting(name, text, variable)
            sources[name] = variable
    flags = {name: value for name, value in overrides.items() if value is not None}
    sources.update({name: f"--{name.replace('_', '-')}" for name in flags})
    return with_values(Settings(), **{**values, **flags}, sources=sources)


def unknown_variables(environ: Mapping[str, str] = os.environ) -> Iterator[tuple[str, str]]:
    """`AIHUB_…` variables that nothing reads, each with the one that was probably meant, or an empty text."""
    known = [*map(variable_of, REASONS), *ELSEWHERE]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            yield name, next(iter(get_close_matches(name, known, 1, 0.8)), "")


def with_values(settings: Settings, **values: Any) -> Settings:
    """Settings with other values, all checked; raises BadSetting."""
    try:
        return attrs.evolve(settings, **values)
    except (ValueError, TypeError) as error:
        # attrs begins its texts with the name in quotes.
        raise BadSetting(re.sub(r"^'(\w+)':? ", r"\1: ", str(error.args[0]))) from None


def variable_of(name: str) -> str:
    """The variable that a setting is read from."""
    return PREFIX + name.upper()


def parse_setting(name: str, text: str, label: str = "") -> bool | float | Path | str:
    """A setting's value from its text; raises BadSetting, which names the setting by `label` where there is one."""
    kind = HINTS[name]
    try:
        if kind is bool:
            return BOOLEANS[text.lower()]
        if kind is int:
            return int(text)
        if kind is float:
            return float(text)
    except (KeyError, ValueError):
        raise BadSetting(f"{label or name}: {text!r} is not a valid value") from None
    if kind in (Path, Path | None):
        return Path(text)
    return text
