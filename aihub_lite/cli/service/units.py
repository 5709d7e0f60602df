"""The files that make a service of a gateway: systemd's units and launchd's property list."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from pathlib import Path

import attrs

NAME = "aihub-lite"
LABEL = "com.github.aihub-lite"
"""What launchd calls it."""
MARK = "# Written by `aihub-lite service install`: it writes it anew and removes it."
STOP_WITHIN = 45
"""Seconds: requests under way get 30 s to finish, and a few more to settle."""
STOP_FOR_NEXT = 5
"""Seconds for requests under way where others wait in the socket for the next process."""
EX_CONFIG = 78

HARDENED = """\
NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallFilter=@system-service
"""
"""Only of the system's services: most of it needs privileges that a user's manager has not."""


@attrs.frozen(kw_only=True)
class Service:
    """What is to run, and as whose service."""

    program: Sequence[str]
    """The command and its first arguments, absolute: `/…/python -m aihub_lite`."""
    data_dir: Path
    host: str
    port: int
    environment_file: Path
    """`NAME=value` lines with providers' keys; it need not exist."""
    system: bool = False
    """Of the machine, under a user of its own account `user`; else of who installs it."""
    user: str = ""
    socket: bool = False
    """Whether systemd keeps the listening socket, so that restarts refuse nobody."""

    @property
    def command(self) -> list[str]:
        """All of its words."""
        address = ["--host", self.host, "--port", str(self.port)]
        return [*self.program, "serve", *address, "--data-dir", str(self.data_dir)]


def quoted(word: str) -> str:
    """A word as systemd reads it in ExecStart: `%` and `$` are themselves, blanks and quotes belong to it."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"'


def service_unit(service: Service) -> str:
    """The `.service` unit."""
    lines = [
        MARK,
        "[Unit]",
        "Description=aihub-lite, an AI gateway",
        "After=network-online.target",
        "Wants=network-online.target",
        "",
        "[Service]",
        "Type=exec",
        f"ExecStart={' '.join(quoted(word) for word in service.command)}",
        f"EnvironmentFile=-{path_setting(service.environment_file)}",
        "Restart=on-failure",
        "RestartSec=2",
        f"RestartPreventExitStatus={EX_CONFIG}",
        f"TimeoutStopSec={STOP_WITHIN}",
        "LimitNOFILE=65536",
        "UMask=0077",
    ]
    if service.socket:
        lines.append(f"Environment=AIHUB_DRAIN_TIMEOUT={STOP_FOR_NEXT}")
    wanted_by = "default.target"
    if service.system:
        wanted_by = "multi-user.target"
        lines += [f"User={service.user}", f"ReadWritePaths={listed(service.data_dir)}", HARDENED.rstrip()]
    return "\n".join([*lines, "", "[Install]", f"WantedBy={wanted_by}", ""])


def path_setting(path: Path) -> str:
    """A path as systemd reads it in a setting that is one path: nothing is quoted there but `%`."""
    return str(path).replace("%", "%%")


def listed(path: Path) -> str:
    """A path as systemd reads it in a setting that is a list of them."""
    plain = path_setting(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def socket_unit(service: Service) -> str:
    """The `.socket` unit."""
    host = service.host
    if ":" in host:
        host = f"[{host}]"
    lines = [
        MARK,
        "[Unit]",
        "Description=The listening socket of aihub-lite: who comes while it restarts waits here",
        "",
        "[Socket]",
        f"ListenStream={host}:{service.port}",
        "Backlog=4096",
        "NoDelay=yes",
        "",
        "[Install]",
        "WantedBy=sockets.target",
        "",
    ]
    return "\n".join(lines)


def property_list(service: Service, log: Path) -> bytes:
    """launchd's description of an agent or daemon; what it prints goes into the file `log`."""
    description: dict[str, object] = {
        "Label": LABEL,
        "ProgramArguments": service.command,
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ExitTimeOut": STOP_WITHIN,
        "ProcessType": "Interactive",
        "StandardOutPath": str(log),
        "StandardErrorPath": str(log),
        "SoftResourceLimits": {"NumberOfFiles": 65536},
        "Umask": 0o077,
    }
    if service.system:
        description["UserName"] = service.user
    return plistlib.dumps(description)
