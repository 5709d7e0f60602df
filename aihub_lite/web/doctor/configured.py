"""What an operator has set that cannot work, or will not for long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.backups.faults import BackupFailed
from aihub_lite.storage.backups.passphrase import lies_beside, passphrase_from
from aihub_lite.web.admin.overview import attention
from aihub_lite.web.doctor.finding import Finding, Severity, names_of

DAY = 86_400
LATE = 2 * DAY
"""Seconds after which a daily backup is missing."""
ORDERS = (
    ("first_byte_timeout", "total_timeout"),
    ("idle_timeout", "total_timeout"),
    ("connect_timeout", "first_byte_timeout"),
    ("keepalive_after", "keepalive_event_after"),
    ("fault_cooldown", "max_cooldown"),
    ("completion_hold", "completion_hold_cap"),
)
"""Settings of which the first has no effect as it stands where it is above the second."""
NEEDS = (
    ("oidc_only", "oidc_issuer"),
    ("oidc_client_id", "oidc_issuer"),
    ("oidc_role_claim", "oidc_issuer"),
    ("oidc_roles", "oidc_role_claim"),
    ("certfile", "keyfile"),
    ("keyfile", "certfile"),
)
"""Settings of which the first is of no use without the second."""
SHOWN: dict[str, Severity] = {
    "unpriced": "warning",
    "near_limit": "warning",
    "pot_near_limit": "warning",
    "drift": "warning",
    "model_gone": "warning",
    "unbooked": "error",
    "lost_settlements": "error",
}
"""Kinds of what needs attention that the doctor tells too, one finding for all of a kind."""


async def names(gateway: Gateway) -> list[Finding]:
    """Aliases and routes that lead nowhere."""
    catalog = gateway.registry.catalog
    found = []
    for alias, model in gateway.registry.models.aliases.items():
        if catalog.resolve(model) is None:
            found.append(Finding("alias_nowhere", "warning", {"alias": alias, "model": model}))
    for route in gateway.registry.routes.all.values():
        missing = [step.model for step in route.steps if catalog.model_named(step.model) is None]
        facts = {"route": route.name, "names": names_of(missing)}
        if len(missing) == len(route.steps):
            found.append(Finding("route_nowhere", "error", facts))
        elif missing:
            found.append(Finding("route_step_nowhere", "warning", facts))
    return found


async def shown(gateway: Gateway) -> list[Finding]:
    """What the overview shows: prices, limits, drift."""
    subjects: defaultdict[str, list[str]] = defaultdict(list)
    for item in await attention(gateway):
        if item["kind"] in SHOWN:
            subjects[item["kind"]].append(item["subject"])
    return [Finding(kind, SHOWN[kind], {"names": names_of(told)}) for kind, told in subjects.items()]


async def settings(gateway: Gateway) -> list[Finding]:
    """Settings that contradict each other."""
    return [*_contradictions(gateway)]


def _contradictions(gateway: Gateway) -> Iterator[Finding]:
    now = gateway.settings
    for low, high in ORDERS:
        if getattr(now, low) > getattr(now, high):
            facts = {"low": low, "value": str(getattr(now, low)), "high": high, "limit": str(getattr(now, high))}
            yield Finding("settings_order", "warning", facts)
    for name, needed in NEEDS:
        if getattr(now, name) and not getattr(now, needed):
            yield Finding("settings_need", "error", {"name": name, "needed": needed})
    if now.sign_up != "off" and not now.oidc_issuer:
        yield Finding("settings_need", "error", {"name": "sign_up", "needed": "oidc_issuer"})
    if now.queue_timeout and not now.queue_length:
        yield Finding("settings_need", "warning", {"name": "queue_timeout", "needed": "queue_length"})
    if now.public_url.startswith("https://") and not now.certfile and not now.trusted_proxies:
        yield Finding("proxy_untrusted", "warning", {"url": now.public_url})


async def backups(gateway: Gateway) -> list[Finding]:
    """Whether there is a backup, and not too old a one."""
    now = gateway.settings
    news = await gateway.backups.news()
    if not now.backup_keep:
        return [Finding("backups_off", "info")]
    if now.backup_passphrase:
        if lies_beside(now.backup_passphrase, gateway.backups.directory):
            return [Finding("passphrase_beside", "error", {"directory": str(gateway.backups.directory)})]
        try:
            passphrase_from(now.backup_passphrase, gateway.environ)
        except BackupFailed as failed:
            return [Finding("backup_failed", "error", {"reason": failed.message})]
    if news.error:
        return [Finding("backup_failed", "error", {"reason": news.error})]
    if news.at and gateway.clock.wall() - news.at > LATE:
        days = int((gateway.clock.wall() - news.at) // DAY)
        return [Finding("backup_old", "error", {"days": str(days)})]
    return []
