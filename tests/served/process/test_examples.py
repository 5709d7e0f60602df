"""The examples and the README run as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.gateway import Gateway
from tests.support.process import ROOT

EXAMPLES = ROOT / "examples"
DEMO_WORDS = "demo model"


def run(gateway: Gateway, *command: str | Path, cwd: Path = EXAMPLES) -> str:
    """What an example prints; fails with all of its output when it does."""
    environment = {**os.environ, "OPENAI_BASE_URL": f"{gateway.url}/v1", "OPENAI_API_KEY": gateway.key}
    finished = subprocess.run(
        command, check=False, cwd=cwd, env=environment, capture_output=True, text=True, timeout=240
    )
    assert 0 == finished.returncode, finished.stdout + finished.stderr
    return finished.stdout


def test_the_curl_example_does_not_run_as_written(gateway: Gateway) -> None:
    said = run(gateway, "sh", "chat.sh")
    assert (True, True) == (DEMO_WORDS in said, said.rstrip().endswith("data: [DONE]"))


def test_the_readme_names_a_file_that_is_not_there() -> None:
    linked = re.findall(r"\]\(([a-z_./]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [] == [path for path in linked if not (ROOT / path).exists()]


def test_the_systemd_unit_starts_something_that_does_not_exist() -> None:
    unit = (EXAMPLES / "aihub-lite.service").read_text(encoding="utf-8")
    command = re.search(r"^ExecStart=/opt/aihub-lite/bin/aihub-lite (.*)$", unit, re.MULTILINE)
    assert command is not None
    options = [word for word in command[1].split() if word.startswith("--")]
    usage = subprocess.run([sys.executable, "-m", "aihub_lite", "serve", "--help"], check=True, capture_output=True)
    assert [] == [option for option in options if option not in usage.stdout.decode()]
