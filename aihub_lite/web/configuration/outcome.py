"""A file applied: read, rehearsed, and if it is meant, carried out; and what became otherwise by it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import attrs

from aihub_lite.domain.channel import Channel
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.alerts.destinations import KIND
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.audit import Who
from aihub_lite.gateway.people.watch import note
from aihub_lite.gateway.rehearsal.adoption import carry_out, try_out
from aihub_lite.gateway.rehearsal.rehearsal import Difference, Rehearsal
from aihub_lite.gateway.upkeep.model_refresh import refresh
from aihub_lite.storage.backups.faults import BackupFailed
from aihub_lite.storage.backups.passphrase import passphrase_from
from aihub_lite.web.configuration.applying import Made, apply_all
from aihub_lite.web.configuration.pruning import Pruning
from aihub_lite.web.configuration.reading import Document, read_document
from aihub_lite.web.configuration.sealing import open_secrets
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class Outcome:
    """What a file came to."""

    differences: Sequence[Difference]
    kept: Sequence[str]
    """What the file does not name and is there all the same, with the reason."""
    made: Made
    """What nobody is shown again."""


async def apply_file(gateway: Gateway, file: Path, *, lists: bool) -> Outcome:
    """Apply the file of a server's command line, and say so in the audit log; raises as `apply_text`, OSError, and
    UnicodeDecodeError."""
    text = await asyncio.to_thread(file.read_text, "utf-8")
    outcome = await apply_text(gateway, text, lists=lists, passphrase=_passphrase(gateway))
    who = Who(via="command line", by=file.name, address="")
    await gateway.audit.add(who, "apply_configuration", [difference.change for difference in outcome.differences])
    return outcome


def _passphrase(gateway: Gateway) -> str:
    """Of the file of a server's command line; raises InvalidRequest."""
    try:
        return passphrase_from(gateway.settings.config_passphrase, gateway.environ)
    except BackupFailed as failed:
        raise InvalidRequest(failed.message) from None


async def apply_text(
    gateway: Gateway,
    text: str,
    *,
    dry_run: bool = False,
    prune: bool = False,
    lists: bool = True,
    passphrase: str = "",
) -> Outcome:
    """Apply a file, all of it or nothing; raises InvalidRequest, which says where it is wrong, and
    StorageUnavailable. `lists`: what the upstreams of new channels list is read before this returns."""
    document = await read_document(text)
    await open_secrets(document, passphrase)

    async def change(rehearsal: Rehearsal) -> Outcome:
        return await _rehearsed(rehearsal, document, prune=prune)

    if dry_run:
        return await try_out(gateway, change)
    before = dict(gateway.registry.channels.by_id)
    outcome = await carry_out(gateway, change)
    for difference in outcome.differences:
        if difference.change.kind == KIND:  # which no watch compares
            note(KIND, difference.change.id, difference.change.name, **difference.change.fields)
    if lists:
        channels = gateway.registry.channels.all
        await _read_lists(gateway, [channel for channel in channels if _is_asked(before.get(channel.id), channel)])
    return outcome


async def _rehearsed(rehearsal: Rehearsal, document: Document, *, prune: bool) -> Outcome:
    copy = rehearsal.gateway
    pruning = Pruning(copy, document)
    with rehearsal.compared() as differences:
        if prune:
            await pruning.before()
        made = await apply_all(copy, document)
        if prune:
            await pruning.after()
    return Outcome(differences=differences, kept=pruning.kept, made=made)


def _is_asked(before: Channel | None, channel: Channel) -> bool:
    """Whether what an upstream lists may be otherwise: the channel is new, or asks elsewhere, or with other keys."""
    if before is None:
        return True
    was = (before.provider, before.base_url, before.keys, before.patterns, before.discovered)
    return was != (channel.provider, channel.base_url, channel.keys, channel.patterns, channel.discovered)


async def _read_lists(gateway: Gateway, channels: Sequence[Channel]) -> None:
    """What each offers by its upstream's own list; one that does not say shows why."""
    await asyncio.gather(*(refresh(gateway, channel) for channel in channels))


def outcome_json(outcome: Outcome, *, dry_run: bool) -> Json:
    """For a person or a program to read: no secret but the new keys, and those only where they count."""
    keys = [{"token": token, "key": key} for token, key in outcome.made.keys.items()]
    secrets = [{"alert": alert, "secret": secret} for alert, secret in outcome.made.secrets.items()]
    if dry_run:
        keys, secrets = [], []
    return {
        "dry_run": dry_run,
        "changes": [_change_json(difference) for difference in outcome.differences],
        "kept": [*outcome.kept],
        "keys": keys,
        "secrets": secrets,
    }


def _change_json(difference: Difference) -> Json:
    change = difference.change
    return {
        "sign": difference.sign,
        "kind": change.kind,
        "name": change.name,
        "fields": {name: [*values] for name, values in change.fields.items()},
    }
