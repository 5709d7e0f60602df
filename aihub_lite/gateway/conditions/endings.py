"""Why a trouble that was told holds no more: it may be well, or nobody's concern any longer."""

from __future__ import annotations

from aihub_lite.domain.alerts.events import Ending
from aihub_lite.gateway.core import Gateway


def ending_of(gateway: Gateway, event: str, subject_id: str) -> Ending:
    """Of an event that is known to hold no more, by the id of what had it."""
    match event:
        case "channel_down":
            channel = gateway.registry.channels.by_id.get(subject_id)
            if channel is None:
                return "deleted"
            if not channel.enabled:
                return "disabled"
        case "backup_failed" if not gateway.settings.backup_keep:
            return "off"
    return "well"
