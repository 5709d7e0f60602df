"""Credentials of applications at Microsoft Entra, as operators write them."""

from __future__ import annotations

import pytest

from aihub_lite.domain.channel import ChannelKey, Secret
from aihub_lite.upstream.access.application import EntraApplication, entra_application, resolved_entra

PUBLIC = "https://login.microsoftonline.com"
ENVIRON = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s/~.x\n"}
FROM_ENVIRON = "entra:env:AZURE_TENANT_ID/env:AZURE_CLIENT_ID/env:AZURE_CLIENT_SECRET"


@pytest.mark.parametrize(
    ("written", "application"),
    [
        ("entra:t/c/s", EntraApplication(PUBLIC, "t", "c", "s")),
        ("entra:t/c/s/with/slashes", EntraApplication(PUBLIC, "t", "c", "s/with/slashes")),
        (
            "entra:https://login.microsoftonline.us/t/c/s",
            EntraApplication("https://login.microsoftonline.us", "t", "c", "s"),
        ),
        ("entra:http://127.0.0.1:8/t/c/s", EntraApplication("http://127.0.0.1:8", "t", "c", "s")),
        ("entra:t/c", None),
        ("entra:t/c/", None),
        ("entra://c/s", None),
        ("entra:", None),
        ("sk-key", None),
        ("entra:http://login.example/t/c/s", None),
        ("entra:https://user:pass@login.example/t/c/s", None),
        ("entra:https://login.example?x/t/c/s", None),
        ("entra:https:///t/c/s", None),
    ],
)
def test_an_application_is_what_is_written(written: str, application: EntraApplication | None) -> None:
    """No secret goes anywhere unencrypted but within this machine."""
    assert application == entra_application(written)


def test_parts_are_looked_up_at_use() -> None:
    assert f"entra:{PUBLIC}/t/c/s/~.x" == resolved_entra(FROM_ENVIRON, ENVIRON)
    assert "entra:https://a.example/t/c/s" == resolved_entra("entra:https://a.example/t/c/s", {})


@pytest.mark.parametrize("name", ENVIRON)
def test_a_credential_without_a_part_is_none(name: str) -> None:
    assert not resolved_entra(FROM_ENVIRON, {**ENVIRON, name: " "})


def test_only_a_secret_that_was_typed_in_is_hidden() -> None:
    assert "AZURE_CLIENT_SECRET" == ChannelKey(id="k1", ref=Secret(FROM_ENVIRON)).env
    assert [None, None] == [ChannelKey(id="k1", ref=Secret(f"entra:t/c/{typed}")).env for typed in ("typed", "a/env:B")]


def test_nothing_shows_a_secret() -> None:
    assert "typed" not in repr(entra_application("entra:t/c/typed"))
