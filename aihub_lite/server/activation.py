"""A listening socket that a supervisor has opened and keeps: socket activation, as systemd's `.socket` units do it.

Clients that come while no gateway runs wait in the socket's queue, so a restart refuses nobody. The protocol is that of
sd_listen_fds(3): `LISTEN_FDS` says how many descriptors were passed, from 3 on, and `LISTEN_PID` to which process.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

FIRST = 3
"""SD_LISTEN_FDS_START: the descriptor of the first socket."""
VARIABLES = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


def inherited_socket(environ: MutableMapping[str, str] = os.environ) -> socket.socket | None:
    """The socket that was passed to this process; None where none was.

    The variables are taken out of the environment, as they are not for children. Raises OSError where more than one
    socket was passed, or one that no HTTP client can come by.
    """
    count, pid, _ = [environ.pop(name, "") for name in VARIABLES]
    if not count or pid != str(os.getpid()):
        return None
    if count != "1":
        raise OSError(f"LISTEN_FDS is {count}: the gateway serves on one socket")
    listener = socket.socket(fileno=FIRST)
    listener.set_inheritable(False)
    internet = listener.family in (socket.AF_INET, socket.AF_INET6)
    if not internet or listener.type != socket.SOCK_STREAM:
        listener.close()
        raise OSError("the socket that was passed is not one for TCP")
    if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        listener.close()
        raise OSError("the socket that was passed does not listen (Accept=yes is not served)")
    return listener
