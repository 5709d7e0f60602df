"""Which processes take the socket of a supervisor."""

from __future__ import annotations

import os

import pytest

from aihub_lite.server.activation import inherited_socket


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="started by hand"),
        pytest.param({"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid() + 1)}, id="for another process"),
        pytest.param({"LISTEN_FDS": "1"}, id="for nobody"),
    ],
)
def test_a_socket_that_was_passed_to_somebody_else_is_none(environ: dict[str, str]) -> None:
    assert inherited_socket(environ) is None


def test_children_are_told_of_no_socket() -> None:
    environ = {"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "web", "PATH": "/bin"}
    inherited_socket(environ)
    assert {"PATH": "/bin"} == environ
