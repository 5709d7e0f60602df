"""The dashboard and the alert rules in `examples` ask for what is told, in words that Grafana and Prometheus know."""

from __future__ import annotations

import asyncio
import functools
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import promql_parser
import pytest
import typer.main
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from aihub_lite.cli import program
from aihub_lite.domain.token import Budget
from aihub_lite.gateway.state.admin_key import admin_key
from tests.support.asgi import post
from tests.support.inprocess import streamed, whole
from tests.support.process import ROOT
from tests.support.upstream.answers import USAGE
from tests.telemetry.watched import SCRAPE_KEY, Scrape, watched

DASHBOARD = ROOT / "examples" / "grafana.json"
ALERTS = ROOT / "examples" / "alerts.yml"
BY_PROMETHEUS = {"job", "instance"}
"""Labels that Prometheus adds itself."""
VARIABLES = re.compile(r"\$__(?:rate_interval|range|interval)")
COMMAND = re.compile(r"`aihub-lite ([a-z -]+)")


@functools.cache
def told() -> Mapping[str, set[str]]:
    """The labels of every metric that a gateway tells which has channels, limits, budgets and tokens."""

    async def scrape(directory: Path) -> Scrape:
        async with watched(directory, metrics_tokens=True, queue_timeout=600) as scene:
            house = scene.house
            channel = await house.add_channel(keys=["sk-upstream-1"])
            limits = attrs.evolve(channel.limits, concurrency=1, budget=Budget(nano=10**9, period="day"))
            edit = house.gateway.registry.channels.edit
            await edit(channel.id, lambda old: attrs.evolve(old, limits=limits))
            budget = post("/api/admin/pots/gateway", admin_key(directory, {}), {"budgets": ["5/day"]})
            budget.method = "PATCH"
            assert 200 == (await budget.start(house.app).served()).status
            _, key = await house.add_token()
            goes_on = asyncio.Event()
            pieces = streamed("some", "words", usage=USAGE)
            house.upstream.queue = [(200, [*pieces[:2], goes_on, *pieces[2:]]), (200, whole(usage=None))]
            first = house.ask(key, stream=True)
            await first.until(lambda: first.pieces)
            second = house.ask(key)
            await second.until(lambda: house.gateway.queue.waiting)
            scene.clock.advance(1)
            goes_on.set()
            await first.served()
            await second.served()
            await house.ask("sk-nobody").served()
            house.upstream.queue = [(400, [b'{"error":{"message":"no"}}'])]
            await house.ask(key).served()
            while not (last := await scene.scrape()).total("aihub_event_loop_lag_seconds_count"):
                await asyncio.sleep(0.05)  # between two looks
            return last

    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o700)
        samples = asyncio.run(scrape(Path(directory))).samples
    labels: dict[str, set[str]] = {"up": set()}
    for name, found in samples:
        labels.setdefault(name, set()).update(key for key, _ in found)
    return labels


def rules() -> list[dict[str, Any]]:
    """Every rule of the alerts."""
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """The dashboard, decoded."""
    decoded: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return decoded


def expressions() -> Iterator[str]:
    """All that is asked, with Grafana's own variables filled in."""
    for rule in rules():
        yield rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield VARIABLES.sub("5m", target["expr"]).replace("$model", ".*").replace("$channel", ".*")


def parts_of(expression: Any) -> Iterator[Any]:
    """An expression, and all that it is made of."""
    yield expression
    for name in ("lhs", "rhs", "expr", "param", "vector_selector"):
        if (part := getattr(expression, name, None)) is not None:
            yield from parts_of(part)
    for argument in getattr(expression, "args", None) or ():
        yield from parts_of(argument)


def selectors(text: str) -> list[promql_parser.VectorSelector]:
    """The series that an expression asks for; raises ValueError where it is none."""
    return [part for part in parts_of(promql_parser.parse(text)) if isinstance(part, promql_parser.VectorSelector)]


@pytest.mark.parametrize("text", [*expressions()])
def test_every_metric_and_label_that_is_asked_for_is_told(text: str) -> None:
    found = selectors(text)
    assert found
    known: set[str] = set(BY_PROMETHEUS)
    for selector in found:
        assert selector.name is not None
        assert selector.name in told()
        labels = told()[selector.name]
        known |= labels
        assert {matcher.name for matcher in selector.matchers.matchers} <= labels | BY_PROMETHEUS
    grouped = re.findall(r"\b(?:by|on|group_left) \(([^)]*)\)", text)
    assert {label.strip() for labels in grouped for label in labels.split(",")} <= known


def test_a_metric_that_is_not_told_would_be_found() -> None:
    names = [selector.name for selector in selectors("sum by (le) (rate(aihub_gone_bucket[5m])) / on (a) up")]
    assert ["aihub_gone_bucket", "up"] == names
    assert "aihub_gone_bucket" not in told()


def test_grafana_reads_every_field_of_the_dashboard() -> None:
    """Its own types decode it, and give back all that it says: a field that they do not know would be gone."""
    register_default_plugins()
    given = dashboard()
    read = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(given)))
    assert [] == list(lost(given, read))


def lost(given: Any, read: Any, path: str = "") -> Iterator[str]:
    """Where one document says what the other does not."""
    if isinstance(given, dict) and isinstance(read, dict):
        for name, value in given.items():
            yield from lost(value, read.get(name), f"{path}.{name}")
    elif isinstance(given, list) and isinstance(read, list) and len(given) == len(read):
        for number, (each, other) in enumerate(zip(given, read, strict=True)):
            yield from lost(each, other, f"{path}[{number}]")
    elif given != read:
        yield f"{path}: {given!r} became {read!r}"


def test_panels_have_ids_of_their_own_and_lie_beside_each_other() -> None:
    panels = dashboard()["panels"]
    assert len(panels) == len({panel["id"] for panel in panels})
    taken: dict[tuple[int, int], str] = {}
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, (panel["title"], taken[x, y])
                taken[x, y] = panel["title"]


def test_variables_and_data_sources_are_the_dashboards_own() -> None:
    """Nothing of whoever exported it is in it: it finds the reader's Prometheus by a variable."""
    text = DASHBOARD.read_text()
    names = {variable["name"] for variable in dashboard()["templating"]["list"]}
    assert {"${datasource}"} == set(re.findall(r'"uid": "(\$[^"]*)"', text))
    assert set(re.findall(r"\$([a-z]+)", text)) | {"datasource"} == names


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_what_is_the_matter_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert ({"severity"}, {"summary", "action"}) == (set(rule["labels"]), set(rule["annotations"]))
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    named = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
    labels = set().union(*(told()[selector.name or ""] for selector in selectors(rule["expr"])))
    assert named <= labels
    if ("by (" in rule["expr"] or "sum(" in rule["expr"]) and named:
        assert named <= {name for by in re.findall(r"by \(([^)]*)\)", rule["expr"]) for name in by.split(", ")}


@pytest.mark.parametrize("command", sorted(set(COMMAND.findall(ALERTS.read_text()))))
def test_a_command_that_an_alert_names_is_there(command: str) -> None:
    found: Any = typer.main.get_command(program())
    words = [word for word in command.split(" -", maxsplit=1)[0].split() if word]
    for word in words:
        if not hasattr(found, "commands"):
            break
        assert word in found.commands
        found = found.commands[word]
    options = {name for parameter in found.params for name in parameter.opts}
    assert set(re.findall(r"--[a-z]+", command)) <= options


def test_alert_names_are_unique() -> None:
    names = [rule["alert"] for rule in rules()]
    assert (len(names), True) == (len(set(names)), all(name.startswith("Aihub") for name in names))


def test_the_scrape_is_not_open_in_the_example() -> None:
    assert SCRAPE_KEY not in ALERTS.read_text()
    assert '"127.0.0.1:9464"' in ALERTS.read_text()
