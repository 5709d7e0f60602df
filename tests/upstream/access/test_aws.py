"""Credentials of AWS from wherever its own tools find them, and requests that are let in by them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aihub_lite.upstream.access import aws
from aihub_lite.upstream.access.authorizer import Authorization, RequestDraft
from aihub_lite.upstream.access.aws import AwsAuthorizer
from aihub_lite.upstream.access.faults import NoAccess
from tests.support.clock import ManualClock
from tests.support.upstream.answers import json_answer
from tests.support.upstream.aws import signed_by
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream

URL = "https://bedrock-runtime.eu-central-1.amazonaws.com/model/a%3A0/invoke"
ELSEWHERE = "https://proxy.example/model/a/invoke"
KEYS = {"AKID": "secret/of+it", "AKID2": "another", "AKROLE": "of-a-role"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any credentials of AWS."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall_now=time.time())


@pytest.fixture
def authorizer(clock: ManualClock) -> AwsAuthorizer:
    return AwsAuthorizer(clock)


def draft(url: str = URL, body: bytes = b"{}") -> RequestDraft:
    """A request as adapters make it."""
    return RequestDraft("POST", url, [(b"content-type", b"application/json")], body)


def authorized(authorizer: AwsAuthorizer, credential: str, request: RequestDraft | None = None) -> Authorization:
    """What lets a request in."""
    return asyncio.run(authorizer.authorize(credential, request or draft()))


def signer(authorization: Authorization, request: RequestDraft, clock: ManualClock) -> str:
    """The access key by which botocore would have signed the same; AssertionError if by none."""
    headers = [(name.decode(), value.decode()) for name, value in (*request.headers, *authorization.headers)]
    body = request.body
    assert isinstance(body, bytes)
    return signed_by(KEYS, request.method, request.url, headers, body, now=clock.wall())


def test_an_api_key_is_sent_as_it_is(authorizer: AwsAuthorizer) -> None:
    authorization = authorized(authorizer, "ABSK-1")
    assert [(b"authorization", b"Bearer ABSK-1")] == authorization.headers
    assert ("ABSK-1", False) == (authorization.secret, authorizer.refused("ABSK-1", authorization))


def test_the_environment_is_used_by_default(
    authorizer: AwsAuthorizer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["AKID"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-of-it")
    authorization = authorized(authorizer, "default")
    assert "AKID" == signer(authorization, draft(), clock)
    assert (b"x-amz-security-token", b"token-of-it") in authorization.headers
    assert ("token-of-it", True) == (authorization.secret, KEYS["AKID"] not in str(authorization))


def test_a_profile_is_used_by_its_name(authorizer: AwsAuthorizer, clock: ManualClock, home: Path) -> None:
    profile = f"[work]\naws_access_key_id=AKID2\naws_secret_access_key={KEYS['AKID2']}\nregion=ap-south-1\n"
    (home / "credentials").write_text(profile)
    request = draft(ELSEWHERE)
    authorization = authorized(authorizer, "profile:work", request)
    assert "AKID2" == signer(authorization, request, clock)
    assert b"/ap-south-1/bedrock/" in dict(authorization.headers)[b"authorization"]


def test_the_second_endpoint_is_another_service(authorizer: AwsAuthorizer, home: Path) -> None:
    (home / "credentials").write_text(f"[default]\naws_access_key_id=AKID\naws_secret_access_key={KEYS['AKID']}\n")
    request = draft("https://bedrock-mantle.us-east-2.api.aws/v1/chat/completions")
    value = dict(authorized(authorizer, "default", request).headers)[b"authorization"]
    assert b"/us-east-2/bedrock-mantle/aws4_request" in value


def test_a_role_is_used_and_renewed_before_its_end(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a task of ECS has it: a server beside it gives credentials for a while."""
    issued = []

    def issue(_: Request) -> object:
        issued.append("AKROLE")
        expiration = datetime.fromtimestamp(time.time() + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys = {"AccessKeyId": "AKROLE", "SecretAccessKey": KEYS["AKROLE"], "Token": f"token-{len(issued)}"}
        return json_answer(200, {**keys, "Expiration": expiration})

    async def tokens(authorizer: AwsAuthorizer) -> list[str]:
        first = await authorizer.authorize("default", draft())
        await authorizer.authorize("default", draft())
        clock.advance(3500)  # still good, but not for long: renewed beside the request
        await authorizer.authorize("default", draft())
        clock.advance(200)
        last = await authorizer.authorize("default", draft())
        return [first.secret, last.secret]

    with Upstream(issue) as server:  # type: ignore[arg-type]
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url)
        assert ["token-1", "token-2"] == asyncio.run(tokens(AwsAuthorizer(clock)))
    assert 2 == len(issued)


@pytest.fixture
def slow_profile(home: Path) -> Iterator[Path]:
    """A profile whose credentials come from a program, which waits until a file is there."""
    gate = home / "gate"
    program = home / "program.py"
    keys = {"Version": 1, "AccessKeyId": "AKID", "SecretAccessKey": KEYS["AKID"]}
    program.write_text(
        f"import os, time\nopen({str(home / 'runs')!r}, 'a').write('x')\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)\nprint({json.dumps(keys)!r})\n"
    )
    (home / "config").write_text(f"[profile slow]\ncredential_process={sys.executable} {program}\n")
    yield gate
    gate.touch()


def test_whoever_waits_for_credentials_keeps_nobody_else_waiting(
    authorizer: AwsAuthorizer, slow_profile: Path, home: Path
) -> None:
    """One look-up for all who wait, in a thread, and the loop goes on meanwhile."""

    async def ask() -> list[Authorization]:
        waiting = [asyncio.create_task(authorizer.authorize("profile:slow", draft())) for _ in range(5)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        slow_profile.touch()
        return await asyncio.gather(*waiting)

    assert 5 == len(asyncio.run(ask()))
    assert "x" == (home / "runs").read_text()


def test_who_leaves_stops_nobody_elses_look_up(authorizer: AwsAuthorizer, slow_profile: Path) -> None:
    async def ask() -> Authorization:
        leaving, staying = (asyncio.create_task(authorizer.authorize("profile:slow", draft())) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        slow_profile.touch()
        return await staying

    assert dict(asyncio.run(ask()).headers)[b"authorization"]


def test_a_process_ends_though_a_look_up_hangs(authorizer: AwsAuthorizer, slow_profile: Path) -> None:
    async def leave() -> None:
        waiting = asyncio.create_task(authorizer.authorize("profile:slow", draft()))
        await asyncio.sleep(0)
        await authorizer.close()
        await asyncio.gather(waiting, return_exceptions=True)

    began = time.monotonic()
    asyncio.run(leave())
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("credential", "reason"),
    [("profile:nobody", "The config profile (nobody) could not be found"), ("default", aws.NOTHING)],
)
def test_why_there_are_none_is_one_sentence(authorizer: AwsAuthorizer, credential: str, reason: str) -> None:
    with pytest.raises(NoAccess) as raised:
        authorized(authorizer, credential)
    assert reason == str(raised.value)


def test_an_address_without_a_region_needs_one_from_elsewhere(authorizer: AwsAuthorizer, home: Path) -> None:
    (home / "credentials").write_text(f"[default]\naws_access_key_id=AKID\naws_secret_access_key={KEYS['AKID']}\n")
    with pytest.raises(NoAccess, match="names no region"):
        authorized(authorizer, "default", draft(ELSEWHERE))


def test_without_botocore_it_says_what_to_install(authorizer: AwsAuthorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    with pytest.raises(NoAccess, match=r"pip install 'aihub-lite\[aws\]'"):
        authorized(authorizer, "default")


def test_credentials_that_are_refused_are_looked_for_again(
    authorizer: AwsAuthorizer, clock: ManualClock, home: Path
) -> None:
    """A person has put others into the file; those that are new themselves would only be refused again."""
    (home / "credentials").write_text(f"[default]\naws_access_key_id=AKID\naws_secret_access_key={KEYS['AKID']}\n")
    first = authorized(authorizer, "default")
    (home / "credentials").write_text(f"[default]\naws_access_key_id=AKID2\naws_secret_access_key={KEYS['AKID2']}\n")
    assert not authorizer.refused("default", first)
    clock.advance(120)
    assert authorizer.refused("default", first)
    assert "AKID2" == signer(authorized(authorizer, "default"), draft(), clock)


def test_a_large_body_is_signed_as_any(authorizer: AwsAuthorizer, clock: ManualClock, home: Path) -> None:
    (home / "credentials").write_text(f"[default]\naws_access_key_id=AKID\naws_secret_access_key={KEYS['AKID']}\n")
    request = draft(body=bytes(aws.LARGE + 1))
    assert "AKID" == signer(authorized(authorizer, "default", request), request, clock)


def test_botocore_is_not_imported_before_it_is_needed() -> None:
    program = "import sys, aihub_lite.cli, aihub_lite.upstream.transport; print('botocore' in sys.modules)"
    assert b"False\n" == subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
