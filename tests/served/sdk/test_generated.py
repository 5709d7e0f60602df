"""A client is generated from what the gateway says of itself, and calls it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.served.sdk.conftest import Programs, built
from tests.served.sdk.models import ANSWER
from tests.served.sdk.toolchains import GENERATOR, RUN_WITHIN, python_of


def generate(target: Path, document: str, name: str, directory: Path) -> None:
    """A package of that name; fails where the generator has anything to say of the document."""
    described = directory / f"{name}.json"
    described.write_text(document)
    python = python_of(target)
    command = (python, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning")
    done = subprocess.run(
        (*command, "--path", str(described), "--output-path", str(directory / name)),
        cwd=directory,
        env={**os.environ, "PATH": os.pathsep.join((str(Path(python).parent), os.environ["PATH"]))},
        capture_output=True,
        text=True,
        timeout=RUN_WITHIN,
        check=False,
    )
    assert 0 == done.returncode, (done.stdout + done.stderr)[-4000:]


def test_clients_generated_from_both_descriptions_call_the_gateway(
    programs: Programs, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    target = built(GENERATOR, pytestconfig)
    gateway = programs.gateway
    key = gateway.add_token()
    generate(target, gateway.get("/openapi.json").body.decode(), "relay", tmp_path)
    generate(target, gateway.admin("GET", "/openapi.json").body.decode(), "admin", tmp_path)
    done = subprocess.run(
        (python_of(target), str(target / "python" / "generated_client.py")),
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(tmp_path),
            "URL": gateway.url,
            "KEY": key,
            "ADMIN_KEY": gateway.admin_key,
            "MODEL": ANSWER,
        },
        capture_output=True,
        text=True,
        timeout=RUN_WITHIN,
        check=False,
    )
    assert 0 == done.returncode, done.stderr[-4000:]
    told = json.loads(done.stdout)
    assert (True, "invalid_api_key") == (bool(told["answer"]), told["refusal"])
    assert ANSWER in told["models"]
    assert told["tokens"]
