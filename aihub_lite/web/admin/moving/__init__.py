"""`/api/admin/import`: what another gateway's database held, in facts of ours, taken in at once or not at all.

May import `web.admin`, `moving` and `gateway.moving`.
"""

from __future__ import annotations

from aihub_lite.web.admin.moving.imports import import_router

__all__ = ["import_router"]
