"""The part of the admin API that keeps the gateway well: its backups, its breaker and its doctor.

May import what `web.admin` may, `web.doctor` and `gateway.backups`, and `web.admin`, which knows nothing of it.
"""

from __future__ import annotations

from aihub_lite.web.admin.care.backups import backups_router
from aihub_lite.web.admin.care.breaker import breaker_router
from aihub_lite.web.admin.care.doctor import doctor_router
from aihub_lite.web.doctor.examination import Doctor
from aihub_lite.web.framework import PathRouter


def care_routers(doctor: Doctor) -> tuple[PathRouter, ...]:
    """All of them."""
    return (backups_router, breaker_router, doctor_router(doctor))
