"""The examples and the README run as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from aihub_lite.config import unknown_variables
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


def test_the_curl_example_runs_as_written(gateway: Gateway) -> None:
    printed = run(gateway, "sh", "chat.sh")
    assert (True, True) == (DEMO_WORDS in printed, printed.rstrip().endswith("data: [DONE]"))


def test_every_file_that_the_readme_names_is_there() -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#\s]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert linked
    assert [] == [path for path in linked if not (ROOT / path).exists()]


def test_the_systemd_unit_is_built_from_what_is_here() -> None:
    """It installed a name from the package index that nobody here has promised to keep."""
    unit = (EXAMPLES / "aihub-lite.service").read_text(encoding="utf-8")
    assert ["/path/to/clone"] == re.findall(r"pip install (\S+)", unit)
    data_dirs = re.findall(r"--data-dir (\S+)", unit)
    assert (2, 1) == (len(data_dirs), len(set(data_dirs)))


def test_the_systemd_unit_sets_variables_that_exist() -> None:
    unit = (EXAMPLES / "aihub-lite.service").read_text(encoding="utf-8")
    variables = dict.fromkeys(re.findall(r"AIHUB_\w+", unit), "")
    assert variables
    assert [] == list(unknown_variables(variables))


def test_the_systemd_unit_uses_options_that_exist() -> None:
    unit = (EXAMPLES / "aihub-lite.service").read_text(encoding="utf-8")
    command = re.search(r"^ExecStart=/opt/aihub-lite/bin/aihub-lite (.*)$", unit, re.MULTILINE)
    assert command is not None
    options = [word for word in command[1].split() if word.startswith("--")]
    usage = subprocess.run([sys.executable, "-m", "aihub_lite", "serve", "--help"], check=True, capture_output=True)
    assert [] == [option for option in options if option not in usage.stdout.decode()]
