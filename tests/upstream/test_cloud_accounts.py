"""Credentials and places of channels at clouds, as an operator writes them."""

from __future__ import annotations

import json

import pytest

from aihub_lite.domain.channel import keys_of
from aihub_lite.errors import InvalidRequest
from aihub_lite.upstream.access import google
from aihub_lite.upstream.cloud_accounts import credential_hint, credential_refs, moved, vertex_base_url
from aihub_lite.upstream.providers import PROVIDERS
from tests.support.upstream.google import EMAIL, PROJECT, service_account

VERTEX = PROVIDERS["vertex"]
FILE = service_account("https://oauth2.googleapis.com/token")
HERE = f"https://aiplatform.googleapis.com/v1/projects/{PROJECT}/locations/global"


def place(*keys: str, project: str = "", region: str = "") -> str:
    return vertex_base_url(VERTEX, project, region, keys_of(credential_refs(keys, VERTEX)))


def test_a_key_file_is_kept_on_one_line_without_blanks_and_says_the_same() -> None:
    (ref,) = credential_refs([json.dumps(FILE, indent=2)], VERTEX)
    assert ref.isprintable()
    assert " " not in ref
    kept = json.loads(ref)
    assert {name: FILE[name] for name in kept} == kept
    assert {"private_key", "client_email", "token_uri"} <= kept.keys()


@pytest.mark.parametrize(
    "key", ["{", "{}", '{"type": "service_account"}', '{"private_key": "k"}', "[1]x", "file:key.json"]
)
def test_what_is_no_credential_is_refused(key: str) -> None:
    if key == "[1]x":
        assert (key,) == credential_refs([key], VERTEX), "an API key may be anything"
        return
    with pytest.raises(InvalidRequest, match=r"^keys: "):
        credential_refs([key], VERTEX)


def test_without_a_key_the_machines_own_credentials_are_used() -> None:
    assert ("default",) == credential_refs([], VERTEX)


def test_keys_of_others_stay_as_they_are() -> None:
    assert ("sk-1", "default", "{") == credential_refs(["sk-1", "default", "{"], PROVIDERS["openai"])


def test_a_file_is_refused_where_it_would_be_sent_as_a_key() -> None:
    with pytest.raises(InvalidRequest, match="env:NAME"):
        credential_refs(["file:/run/secrets/key"], PROVIDERS["openai"])


def test_a_channel_that_needs_the_library_says_so_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "installed", lambda: False)
    with pytest.raises(InvalidRequest, match=r"pip install 'aihub-lite\[google\]'"):
        credential_refs([], VERTEX)
    assert ("AIza-1",) == credential_refs(["AIza-1"], VERTEX)


def test_the_project_is_the_accounts_unless_it_is_said() -> None:
    assert HERE == place(json.dumps(FILE))
    assert HERE.replace(PROJECT, "other-1") == place(json.dumps(FILE), project="other-1")


def test_a_region_has_its_own_host() -> None:
    expected = f"https://us-east5-aiplatform.googleapis.com/v1/projects/{PROJECT}/locations/us-east5"
    assert expected == place(json.dumps(FILE), region="us-east5")


def test_an_api_key_alone_needs_no_project() -> None:
    assert VERTEX.base_url == place("AIza-1")


@pytest.mark.parametrize("keys", [(), ("file:/etc/key.json",)])
def test_a_project_that_nothing_tells_is_asked_for(keys: tuple[str, ...]) -> None:
    with pytest.raises(InvalidRequest, match=r"^project: "):
        place(*keys)


def test_others_have_no_project() -> None:
    with pytest.raises(InvalidRequest, match=r"^project: "):
        moved(PROVIDERS["openai"], "https://api.openai.com/v1", "p-1", "")


def test_what_is_not_given_stays_when_a_channel_moves() -> None:
    assert HERE.replace("global", "eu").replace("aiplatform.", "aiplatform.eu.rep.", 1) == moved(VERTEX, HERE, "", "eu")
    assert HERE.replace(PROJECT, "p-2") == moved(VERTEX, HERE, "p-2", "")
    with pytest.raises(InvalidRequest, match=r"^project: "):
        moved(VERTEX, VERTEX.base_url, "", "eu")


@pytest.mark.parametrize(
    ("ref", "hint"),
    [
        ("default", "application default"),
        ("file:/etc/key.json", "file:/etc/key.json"),
        (json.dumps(FILE), EMAIL),
        ('{"refresh_token":"1//0"}', "of a person"),
        ("AIza-1", None),
    ],
)
def test_a_credential_is_shown_by_what_is_no_secret(ref: str, hint: str | None) -> None:
    assert hint == credential_hint(ref)
    assert "PRIVATE" not in str(hint)
