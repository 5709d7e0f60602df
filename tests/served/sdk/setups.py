"""How client programs are set up, with what Connect shows where Connect shows it, and started."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import attrs

from tests.served.sdk.toolchains import RUN_WITHIN
from tests.support.connect import shown


@attrs.frozen
class Place:
    """Where one run happens. `target` holds what was installed, `home` is an empty home with a directory `work`."""

    target: Path
    home: Path
    root: str
    key: str
    model: str
    task: str = "Say hello."

    @property
    def work(self) -> Path:
        return self.home / "work"

    @property
    def codex_settings(self) -> Path:
        return self.home / ".codex" / "config.toml"

    def shown(self, name: str) -> str:
        """What Connect shows for a client."""
        return shown(name, self.root, self.key, self.model)

    def exported(self, name: str) -> dict[str, str]:
        """The variables of what Connect shows as lines for a shell."""
        lines = [line for line in self.shown(name).splitlines() if line.startswith("export ")]
        return dict(shlex.split(line, comments=True)[1].split("=", 1) for line in lines)

    def program(self, name: str) -> str:
        """A program of npm's."""
        return str(self.target / "coding" / "node_modules" / ".bin" / name)


@attrs.frozen
class Run:
    """A command, and what its environment has beside PATH and HOME."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = attrs.field(factory=dict)


def codex(place: Place) -> Run:
    """No sandbox: the machine that tests run on may have none to offer."""
    place.codex_settings.parent.mkdir()
    place.codex_settings.write_text(place.shown("Codex"))
    unguarded = ("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
    return Run((place.program("codex"), "exec", *unguarded, place.task), {"AIHUB_KEY": place.key})


def claude_code(place: Place) -> Run:
    """The program itself: its wrapper wants a newer Node than its package does."""
    (program,) = (place.target / "coding" / "node_modules" / "@anthropic-ai").glob("claude-code-*/claude")
    quiet = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    return Run((str(program), "-p", place.task, "--allowedTools", "Bash"), place.exported("Claude Code") | quiet)


QUIET = {"NO_COLOR": "1"}


def environment(run: Run, home: Path) -> dict[str, str]:
    """Nothing of this process's own but where programs are found."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, **QUIET, "HOME": str(home), **run.environment}


def ran(run: Run, place: Place) -> subprocess.CompletedProcess[str]:
    """A program from its start to its end, and what it printed."""
    return subprocess.run(
        run.command,
        cwd=place.work,
        env=environment(run, place.home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_WITHIN,
        check=False,
    )
