"""Whom to tell of a service: systemd's manager, or launchd. Files are written here, and programs run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import attrs

from aihub_lite.cli.base.call import Failed
from aihub_lite.cli.service.units import LABEL, MARK, NAME, Service, property_list, service_unit, socket_unit

ANSWER_WITHIN = 90.0
"""Seconds for one command of a manager; a stop waits for requests under way."""


@attrs.frozen
class ManagerAnswer:
    """A command that a manager was given."""

    command: Sequence[str]
    code: int
    output: str
    """What it said, on either stream; without blanks around it."""

    @property
    def line(self) -> str:
        return " ".join(self.command)


class Manager(Protocol):
    """Keeps services running."""

    def files(self, service: Service) -> Iterator[tuple[Path, bytes]]:
        """What describes the service, and where it lies."""

    def paths(self) -> list[Path]:
        """Where files of ours lie, if they are there."""

    def start(self, service: Service) -> Iterator[ManagerAnswer]:
        """Read the files, start it now and with the machine."""

    def stop(self) -> Iterator[ManagerAnswer]:
        """End it now, and for good."""

    def forget(self) -> Iterator[ManagerAnswer]:
        """Read that the files are gone."""

    def state(self) -> str:
        """One word or a few: `active`, `inactive`, `failed` …"""

    def advice(self, service: Service) -> list[str]:
        """What else is good to know of a service that runs."""


def manager_of(*, system: bool) -> Manager:
    """This machine's; raises Failed where it has none that is known here."""
    if sys.platform == "darwin":
        return Launchd(system)
    if sys.platform == "win32" or not shutil.which("systemctl"):
        raise Failed(
            "neither systemd nor launchd is here: let whatever starts programs on this machine run `aihub-lite serve`"
        )
    return Systemd(system)


def tell(*command: str) -> ManagerAnswer:
    """Run a manager's command; what it says is not printed."""
    try:
        ran = subprocess.run(  # noqa: S603  its words are ours
            command, capture_output=True, text=True, errors="replace", timeout=ANSWER_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return ManagerAnswer(command, 1, str(error))
    return ManagerAnswer(command, ran.returncode, f"{ran.stdout}{ran.stderr}".strip())


@attrs.frozen
class Systemd:
    """The machine's manager, or that of the user who asks."""

    system: bool

    @property
    def directory(self) -> Path:
        if self.system:
            return Path("/etc/systemd/system")
        configuration = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return Path(configuration) / "systemd" / "user"

    @property
    def unit(self) -> Path:
        return self.directory / f"{NAME}.service"

    @property
    def socket(self) -> Path:
        return self.directory / f"{NAME}.socket"

    def files(self, service: Service) -> Iterator[tuple[Path, bytes]]:
        """As Manager says."""
        yield self.unit, service_unit(service).encode()
        if service.socket:
            yield self.socket, socket_unit(service).encode()

    def paths(self) -> list[Path]:
        """As Manager says."""
        return [self.unit, self.socket]

    def start(self, service: Service) -> Iterator[ManagerAnswer]:
        """As Manager says. One that runs already is started anew, with what is written now."""
        yield self._systemctl("daemon-reload")
        units = [self.unit.name]
        if service.socket:
            units.insert(0, self.socket.name)
        yield self._systemctl("enable", *units)
        yield self._systemctl("restart", *units)

    def stop(self) -> Iterator[ManagerAnswer]:
        """As Manager says."""
        yield self._systemctl("disable", "--now", *[path.name for path in reversed(self.paths()) if path.exists()])

    def forget(self) -> Iterator[ManagerAnswer]:
        """As Manager says."""
        yield self._systemctl("daemon-reload")

    def state(self) -> str:
        """As Manager says."""
        return self._systemctl("is-active", self.unit.name).output or "unknown"

    def advice(self, service: Service) -> list[str]:
        """As Manager says."""
        if self.system:
            return [f"journalctl -u {NAME} shows what it prints: at the first start a token, once"]
        return [
            f"journalctl --user -u {NAME} shows what it prints: at the first start a token, once",
            "it ends when you log out, unless: loginctl enable-linger",
        ]

    def _systemctl(self, *words: str) -> ManagerAnswer:
        whose = [] if self.system else ["--user"]
        return tell("systemctl", *whose, *words)


@attrs.frozen
class Launchd:
    """macOS."""

    system: bool

    @property
    def plist(self) -> Path:
        if self.system:
            return Path("/Library/LaunchDaemons") / f"{LABEL}.plist"
        return Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"

    @property
    def domain(self) -> str:
        """Whose services it is among."""
        if self.system:
            return "system"
        return f"gui/{os.getuid()}"

    def log(self, service: Service) -> Path:
        """The file for what it prints."""
        return service.data_dir / "service.log"

    def files(self, service: Service) -> Iterator[tuple[Path, bytes]]:
        """As Manager says."""
        yield self.plist, property_list(service, self.log(service))

    def paths(self) -> list[Path]:
        """As Manager says."""
        return [self.plist]

    def start(self, service: Service) -> Iterator[ManagerAnswer]:
        """As Manager says."""
        tell("launchctl", "bootout", f"{self.domain}/{LABEL}")  # one that runs already; else it says that none does
        yield tell("launchctl", "bootstrap", self.domain, str(self.plist))

    def stop(self) -> Iterator[ManagerAnswer]:
        """As Manager says."""
        yield tell("launchctl", "bootout", f"{self.domain}/{LABEL}")

    def forget(self) -> Iterator[ManagerAnswer]:
        """As Manager says: it reads files only when it is told to."""
        yield from ()

    def state(self) -> str:
        """As Manager says."""
        told = tell("launchctl", "print", f"{self.domain}/{LABEL}")
        for line in told.output.splitlines():
            if line.strip().startswith("state = "):
                return line.strip().removeprefix("state = ")
        return "inactive"

    def advice(self, service: Service) -> list[str]:
        """As Manager says."""
        return [f"{self.log(service)} has what it prints: at the first start a token, once"]


def is_ours(path: Path) -> bool:
    """Whether a file was written by this command; property lists bear our label, units our first line."""
    try:
        content = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return False
    return content.startswith(MARK) or path.suffix == ".plist"
