"""Access to AWS: an API key as it is, or a signature with what a profile, the environment or a role gives.

botocore, which finds and renews credentials wherever AWS's own tools do, is the extra `[aws]`. It blocks, so it runs in
a thread of its own; requests are signed here, as it would take ten times as long.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from importlib.util import find_spec
from typing import TypeVar
from urllib.parse import urlsplit

import attrs

from aihub_lite.domain.channel import APPLICATION_DEFAULT
from aihub_lite.domain.clock import Clock
from aihub_lite.upstream.access.authorizer import Authorization, RequestDraft
from aihub_lite.upstream.access.faults import NoAccess
from aihub_lite.upstream.access.grants import Grant, Grants
from aihub_lite.upstream.access.sigv4 import AwsKeys, Scope, digest_of, signature_headers
from aihub_lite.upstream.http1.request import Body

log = logging.getLogger(__name__)
T = TypeVar("T")

BEDROCK = "bedrock"
MANTLE = "bedrock-mantle"
"""Services, as requests are signed for them: the second is another than the rest."""
REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
HOST = re.compile(rf"(?:[\w-]+\.)?(?P<service>bedrock(?:-runtime|-mantle)?)(?:-fips)?\.(?P<region>{REGION})\.[\w.-]+")
"""Also that of an endpoint within a private network."""
SIGNED = (b"content-type", b"x-amz")
"""What the names of headers begin with that AWS wants signed, beside the host."""
PROFILE = "profile:"
"""Before the name of a profile of AWS's configuration files, whose credentials are used."""
MISSING = "AWS's credentials need botocore, which is not installed: pip install 'aihub-lite[aws]'."
NOTHING = "no credentials of AWS: neither the environment, nor a profile, nor a role of this machine has any"
NO_REGION = "the base URL names no region of AWS, and neither does AWS_REGION or the profile"
LIFETIME = 900.0
"""Seconds that credentials are kept that do not say how long they are good: files are rewritten at times."""
TALKATIVE = ("botocore", "urllib3")
"""Loggers that tell, when debugging, whole answers with credentials in them."""
LARGE = 2**20
"""Bytes of a body that is hashed in a thread, since that takes a millisecond."""
LONGEST_REASON = 200
"""Characters of what botocore says of a failure."""


@attrs.frozen
class AwsGrant:
    """Credentials, and the region that was found beside them; empty where none was."""

    keys: AwsKeys
    region: str


@attrs.frozen
class SignedRequest(Authorization):
    """What lets a signed request in, and what it was signed with."""

    grant: AwsGrant


@attrs.define(eq=False)
class AwsAuthorizer:
    """Lets requests in by a signature, or by an API key."""

    clock: Clock
    grants: Grants[AwsGrant] = attrs.field(
        default=attrs.Factory(lambda self: Grants(self.clock, self.fetch), takes_self=True)
    )

    async def authorize(self, credential: str, request: RequestDraft) -> Authorization:
        if is_api_key(credential):
            return Authorization([(b"authorization", b"Bearer " + credential.encode())], credential)
        grant = await self.grants.get(credential)
        scope = _scope(request.url, grant.region)
        digest = await _digest(request.body)
        signed = [(name, value) for name, value in request.headers if name.lower().startswith(SIGNED)]
        headers = signature_headers(grant.keys, scope, self.clock.wall(), request.method, request.url, digest, signed)
        # The secret key is never sent; a token is.
        return SignedRequest(headers, grant.keys.token, grant)

    def refused(self, credential: str, authorization: Authorization) -> bool:
        if not isinstance(authorization, SignedRequest):
            return False
        return self.grants.give_up(credential, authorization.grant)

    async def close(self) -> None:
        await self.grants.close()

    async def fetch(self, credential: str) -> Grant[AwsGrant]:
        """Has them looked for; raises NoAccess."""
        profile = None
        if credential.startswith(PROFILE):
            profile = credential.removeprefix(PROFILE)
        try:
            return await _apart(lambda: _grant_of(profile, self.clock.wall()))
        except NoAccess as fault:
            log.warning("%s: %s", credential, fault)
            raise


def installed() -> bool:
    """Whether botocore is; it is not imported."""
    return find_spec("botocore") is not None


def is_api_key(credential: str) -> bool:
    """Whether a credential is sent as it is."""
    return credential not in (APPLICATION_DEFAULT, "") and not credential.startswith(PROFILE)


@lru_cache(maxsize=1024)
def scope_of(url: str) -> Scope:
    """What an address says of its service and region; the region is empty where it names none, as that of a proxy."""
    match = HOST.fullmatch(urlsplit(url).hostname or "")
    if match is None:
        return Scope("", BEDROCK)
    if match["service"] == MANTLE:
        return Scope(match["region"], MANTLE)
    return Scope(match["region"], BEDROCK)


def _scope(url: str, region: str) -> Scope:
    """Raises NoAccess."""
    scope = scope_of(url)
    if scope.region:
        return scope
    if not region:
        raise NoAccess(NO_REGION)
    return Scope(region, scope.service)


async def _digest(body: Body | None) -> str:
    if body is None or len(body) < LARGE:
        return digest_of(body)
    return await asyncio.to_thread(digest_of, body)


async def _apart(work: Callable[[], T]) -> T:
    """Does blocking work in a thread that keeps no process from ending, though a network that is gone may keep it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as raised:
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, result, error)

    threading.Thread(target=run, name="aws-credentials", daemon=True).start()
    return await done


def _grant_of(profile: str | None, now: float) -> Grant[AwsGrant]:
    """The credentials of a profile, of the one that is AWS's default for None; raises NoAccess."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.session import Session
    except ImportError:
        raise NoAccess(MISSING) from None
    for talkative in TALKATIVE:
        logging.getLogger(talkative).setLevel(logging.WARNING)
    try:
        session = Session(profile=profile)
        found = session.get_credentials()
        if found is None:
            raise NoAccess(NOTHING)
        keys = found.get_frozen_credentials()
        region = session.get_config_variable("region") or ""
    except (BotoCoreError, ClientError, OSError, ValueError) as error:
        raise NoAccess(_reason(error)) from error
    grant = AwsGrant(AwsKeys(keys.access_key, keys.secret_key, keys.token or ""), region)
    return Grant(grant, _lifetime(getattr(found, "_expiry_time", None), now))


def _lifetime(expiry: datetime | None, now: float) -> float:
    """Seconds. Only those that botocore renews itself have an expiry, which it tells nobody but itself."""
    if expiry is None:
        return LIFETIME
    return max(expiry.astimezone(UTC).timestamp() - now, 0.0)


def _reason(error: Exception) -> str:
    """What botocore says in one short line: names of files and profiles, no credentials."""
    return " ".join(str(error).split())[:LONGEST_REASON]
