"""`/api/admin/backups`: those that the gateway makes by itself, and one more."""

from __future__ import annotations

from litestar import get, post

from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.backups.faults import BackupFailed
from aihub_lite.storage.backups.files import BackupFile
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.views import Json, moment_text


def backup_json(file: BackupFile) -> Json:
    """One backup in the directory."""
    return {
        "file": str(file.path),
        "at": moment_text(int(file.at)),
        "bytes": file.size,
        "sealed": file.sealed,
    }


async def backups_json(gateway: Gateway) -> Json:
    """The backups that are there, newest first, and how the last ones ended: an empty `error` is a good end."""
    news = await gateway.backups.news()
    return {
        "directory": str(gateway.backups.directory),
        "keep": gateway.settings.backup_keep,
        "hour": gateway.settings.backup_hour,
        "last": _moment(news.at),
        "failed": _moment(news.failed_at),
        "error": news.error,
        "backups": [backup_json(file) for file in await gateway.backups.kept()],
    }


def _moment(seconds: float) -> str | None:
    if not seconds:
        return None
    return moment_text(int(seconds))


@get("/")
async def list_backups(gateway: TheGateway) -> Json:
    """List backups."""
    return await backups_json(gateway)


@post("/", status_code=200)
async def make_backup(gateway: TheGateway) -> Json:
    """Make a backup now, in the gateway's directory; answered once it is checked."""
    try:
        return backup_json(await gateway.backups.make())
    except BackupFailed as failed:
        raise StorageUnavailable(f"There is no backup: {failed.message}.") from None


backups_router = PathRouter("/backups", route_handlers=[list_backups, make_backup])
