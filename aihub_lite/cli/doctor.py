"""`aihub-lite doctor`: what is wrong with the gateway, and what to do about it."""

from __future__ import annotations

from typing import Any

import typer

from aihub_lite.cli.base.commands import AdminApi, command
from aihub_lite.cli.base.output import print_json, shown
from aihub_lite.storage.sqlite.faults import AlreadyRunning, StorageFault

doctor_app = typer.Typer(rich_markup_mode=None)
MARKS = {"error": "ERROR  ", "warning": "WARNING", "info": "ADVICE "}


@command(doctor_app, "doctor")
def examine(api: AdminApi) -> None:
    """Look at database, disk, settings, channels with their keys, the way to clients; exits 0 only if all is well."""
    try:
        report = api.call("GET", "doctor")
    except AlreadyRunning:
        raise
    except StorageFault as fault:
        report = _unusable(str(fault))
    if api.json:
        print_json(report)
    else:
        for finding in report["findings"]:
            print(f"{MARKS[finding['severity']]} {shown(finding['what'])} [{finding['code']}]")
            print(f"        {shown(finding['do'])}")
        print("All is well." if report["well"] else "Not all is well.")
    if not report["well"]:
        raise typer.Exit(1)


def _unusable(reason: str) -> dict[str, Any]:
    """The report on a gateway that cannot even be opened."""
    finding = {
        "code": "unusable",
        "severity": "error",
        "what": f"The gateway cannot start: {reason}.",
        "do": "Mend that; a backup is put back by `aihub-lite restore FILE`.",
        "facts": {"reason": reason},
    }
    return {"well": False, "checked": [], "findings": [finding]}
