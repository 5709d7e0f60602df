"""The file's text: the same gateway always gives the same text, with comments for who reads one for the first time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aihub_lite.gateway.core import Gateway
from aihub_lite.web.configuration import tables
from aihub_lite.web.configuration.tables import NamedTable, Seal

HEAD = """\
#:schema ./gateway.schema.json
# What a gateway of aihub-lite is. `aihub-lite apply FILE --dry-run` says what would change, `apply FILE` changes it,
# all of it or nothing; without --prune nothing is deleted. `aihub-lite schema > gateway.schema.json` lets editors check
# it. A field that is left out is as by default. Amounts are in USD, as text.
"""
COMMENTS: Mapping[str, str] = {
    "settings": "Settings that need no restart; `aihub-lite settings list` explains each.",
    "gateway": "Budgets that all requests together draw from, like 100/month or tag:ci=5/day.",
    "teams": "People who share budgets.",
    "people": "Who signs in; how they do is not in this file. Roles: owner, admin, member.",
    "channels": "Upstream accounts. Keys as env:NAME, a variable of the gateway; without models: all that it lists.",
    "routes": "Names that clients ask for like models, with the models that are tried for each in order.",
    "aliases": "Other names of models.",
    "strategies": 'The order of a model\'s channels: priority, cheapest, fastest or sticky; "*" is for all others.',
    "models": "What models take and can do, where their upstreams do not say it right.",
    "prices": "Prices of your own, per million tokens; for all other models the price table counts.",
    "tokens": "Keys of clients, by digest: they go on working, and nobody reads them here. Without one, a key is made.",
    "alerts": "Where alerts are sent. Addresses are secrets: env:NAME, a variable of the gateway.",
}
"""Of each section, in the order in which they are written."""


def export_text(gateway: Gateway, seal: Seal | None = None, sealed: Mapping[str, str] | None = None) -> str:
    """The whole file. `seal` is for secrets that were typed in, and `sealed` says how; without them they are left
    out."""
    parts = [HEAD]
    if sealed:
        parts.append("# The passphrase opens what begins with sealed: below.\n" + _toml({"sealed": dict(sealed)}))
    flat: Mapping[str, dict[str, Any]] = {
        "settings": tables.settings_table(gateway),
        "gateway": tables.gateway_table(gateway),
        "aliases": tables.alias_table(gateway),
        "strategies": tables.strategy_table(gateway),
    }
    named: Mapping[str, dict[str, NamedTable]] = {
        "teams": tables.team_entries(gateway),
        "people": tables.person_entries(gateway),
        "channels": tables.channel_entries(gateway, seal),
        "routes": tables.route_entries(gateway),
        "models": tables.fact_entries(gateway),
        "prices": tables.price_entries(gateway),
        "tokens": tables.token_entries(gateway),
        "alerts": tables.alert_entries(gateway, seal),
    }
    for section, comment in COMMENTS.items():
        if flat.get(section):
            parts.append(f"# {comment}\n{_toml({section: flat[section]})}")
        if named.get(section):
            parts.append("\n".join([f"# {comment}\n", *_entries(section, named[section])]))
    return "\n".join(parts)


def _entries(section: str, entries: Mapping[str, NamedTable]) -> Iterator[str]:
    for name, entry in entries.items():
        comments = "".join(f"# {comment}\n" for comment in entry.comments)
        # A table that is empty is there all the same: it names something.
        yield comments + _toml({section: {name: dict(entry.fields)}})


def _toml(table: dict[str, Any]) -> str:
    # Imported only here: a gateway writes such a file once in a while.
    import tomli_w  # noqa: PLC0415

    return tomli_w.dumps(table)
