"""Runs the command `llm openai endpoint` against the gateway that its environment names; prints what it said as JSON.

The command shows texts only, so an error is its exit code with what stands on stderr.
"""

import json
import os
import subprocess
import sys
from typing import Any

CLOCK = 'def clock() -> str:\n    "The time of day"\n    return "twelve o clock"\n'


def llm(*arguments: str, key: str = "OPENAI_API_KEY") -> Any:
    command = [sys.executable, "-m", "llm", "openai", "endpoint", os.environ["OPENAI_BASE_URL"]]
    run = subprocess.run(
        [*command, *arguments, "--key", os.environ[key]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return {"code": run.returncode, "stdout": run.stdout.strip(), "stderr": run.stderr.strip()}


def ask(model: str, *arguments: str, key: str = "OPENAI_API_KEY") -> Any:
    return llm("Hello there", "-m", model, *arguments, key=key)


def main() -> dict[str, Any]:
    return {
        "plain": ask("vendor/answer", "--no-stream"),
        "stream": ask("vendor/answer"),
        "tools": ask("demo", "--functions", CLOCK, "--no-stream"),
        "tools_stream": ask("demo", "--functions", CLOCK),
        "unknown_key": ask("demo", key="UNKNOWN_KEY"),
        "spent": ask("vendor/answer", key="SPENT_KEY"),
        "overflow": ask("overflow"),
        "no_such_model": ask("no-such-model"),
        "broken": ask("broken"),
        "put_off": ask(os.environ["BUSY_MODEL"]),
        "models": llm("--models"),
    }


if __name__ == "__main__":
    print(json.dumps(main()))
