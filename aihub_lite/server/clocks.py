"""What holds for whoever serves the listening socket."""

from __future__ import annotations

BACKLOG = 2048
"""Connections that the kernel keeps for us until they are accepted."""
HANDSHAKE_TIMEOUT = 10.0
"""Seconds for TLS."""
LAST_WORDS = 5.0
"""Seconds for requests that are cut off to tell their clients and to settle."""
