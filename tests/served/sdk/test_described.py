"""A fuzzer reads what the gateway says of itself and sends what fits it and what does not: nothing breaks of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.served.sdk.conftest import built
from tests.served.sdk.toolchains import FUZZER, RUN_WITHIN, python_of
from tests.support.gateway import Gateway, running
from tests.support.process import SCALED, Home
from tests.support.upstream.scripted import Upstream

EXAMPLES = 8
"""Of each operation, beside the systematic ones. More of them by hand."""
THERE = "there"
"""The name of a thing of every kind, so that more is asked than whether it exists."""
ENDS_THE_TEST = r"admin-key|sessions|console-links|backup|/many"
"""Who asks would lose its key, or everything that is there; a backup is a file."""


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway with one of everything. A model that nobody has is a 404: the contract's 503 is no fault of ours."""
    settings = {**SCALED, "unknown_model_status": "404", "console_rpm": 0}
    with running(Home(tmp_path / "data", settings)) as started, Upstream() as upstream:
        started.add_channel(upstream.url, "there-model", name=THERE)
        for path, body in (
            ("/tokens", {"name": THERE}),
            ("/people", {"name": THERE}),
            ("/teams", {"name": THERE}),
            ("/routes", {"name": THERE, "steps": [{"model": "there-model"}]}),
        ):
            made = started.admin("POST", path, body)
            assert 201 == made.status, made.body
            started.secrets += [made.json()["key"]] if "key" in made.json() else []
        yield started


def pinned(document: dict[str, Any], paths: str, fields: dict[str, str]) -> bytes:
    """The document with the same word for every path parameter, and for some fields of bodies."""
    for operations in document["paths"].values():
        for operation in operations.values():
            if not isinstance(operation, dict):
                continue
            for parameter in operation.get("parameters", []):
                if parameter.get("in") == "path" and parameter["schema"].get("type") == "string":
                    parameter["schema"] = {"type": "string", "enum": [paths]}
    for schema in document.get("components", {}).get("schemas", {}).values():
        for name, word in fields.items():
            if name in schema.get("properties", {}):
                schema["properties"][name] = {"type": "string", "enum": [word]}
    return msgspec.json.encode(document)


def fuzz(python: str, document: Path, url: str, key: str, *options: str) -> None:
    """Fails with what the fuzzer found: answers of 5xx."""
    command = (python, "-m", "schemathesis.cli", "run", str(document), "--url", url)
    judged = ("--checks", "not_a_server_error", "--phases", "coverage,fuzzing", "--mode", "all")
    bounded = ("--max-examples", str(EXAMPLES), "--generation-deterministic")
    done = subprocess.run(
        (*command, *judged, *bounded, "-H", f"Authorization: Bearer {key}", *options),
        cwd=document.parent,
        env={"PATH": os.environ["PATH"], "HOME": str(document.parent)},
        capture_output=True,
        text=True,
        timeout=RUN_WITHIN,
        check=False,
    )
    assert 0 == done.returncode, (done.stdout + done.stderr)[-12_000:]


def test_nothing_breaks_of_what_clients_send(gateway: Gateway, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(pinned(gateway.get("/openapi.json").json(), THERE, {"model": "demo"}))
    fuzz(python_of(built(FUZZER, pytestconfig)), document, gateway.url, gateway.key)
    gateway.wait_status(in_flight=0, open_holds=0, held_nano=0)
    assert "unforeseen" not in gateway.news()
    assert [] == gateway.books.imbalances()


def test_nothing_breaks_of_what_administrators_send(
    gateway: Gateway, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(pinned(gateway.admin("GET", "/openapi.json").json(), THERE, {}))
    python = python_of(built(FUZZER, pytestconfig))
    fuzz(python, document, gateway.url, gateway.admin_key, "--exclude-path-regex", ENDS_THE_TEST)
    assert "unforeseen" not in gateway.news()
    assert "ok" == gateway.books.integrity()
