"""Passkeys: made by whoever is signed in, and then enough to sign in (WebAuthn, level 2).

The checks are those of the package `webauthn`, which is imported with the first of them.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from importlib.util import find_spec
from typing import Any

import attrs
import msgspec

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.people.person import Person
from aihub_lite.errors import Conflict, InvalidRequest, Unauthenticated
from aihub_lite.gateway.people.registry import PeopleRegistry
from aihub_lite.storage.people.passkeys import Passkey, Passkeys

NAME = "aihub-lite"
SECONDS = 300.0
"""How long a challenge may be answered."""
MOST_CHALLENGES = 1000
"""That wait for an answer; the oldest is forgotten for one more, so that strangers cost no more memory."""
MOST_PASSKEYS = 20
"""Of one person."""


@attrs.frozen
class Site:
    """Where a browser is: passkeys of one site are of no use at another."""

    host: str
    origin: str


def available() -> bool:
    """Whether what verifies passkeys is installed: it comes with the extra `sso`."""
    return find_spec("webauthn") is not None


@attrs.define(eq=False)
class Challenges:
    """Random numbers that somebody was given to sign; each may be answered once, by whom it was given to."""

    clock: Clock
    _open: OrderedDict[bytes, tuple[str, float]] = attrs.field(factory=OrderedDict)

    def new(self, who: str) -> bytes:
        """One for a person's id, or for an unknown person."""
        challenge = secrets.token_bytes(32)
        self._open[challenge] = (who, self.clock.monotonic() + SECONDS)
        if len(self._open) > MOST_CHALLENGES:
            self._open.popitem(last=False)
        return challenge

    def take(self, challenge: bytes, who: str) -> bool:
        """Whether it was given to them, and neither answered nor too long ago."""
        owner, until = self._open.pop(challenge, ("", 0.0))
        return until > self.clock.monotonic() and owner == who


@attrs.define(eq=False)
class PasskeyDesk:
    """Registers passkeys and lets people in by them."""

    people: PeopleRegistry
    store: Passkeys
    clock: Clock
    challenges: Challenges = attrs.field(default=attrs.Factory(lambda self: Challenges(self.clock), takes_self=True))

    async def creation_options(self, person: Person, site: Site) -> dict[str, Any]:
        """What a browser needs to make a passkey, as its own API takes it. Raises Conflict for one too many."""
        from webauthn import generate_registration_options  # noqa: PLC0415
        from webauthn.helpers.options_to_json_dict import options_to_json_dict  # noqa: PLC0415
        from webauthn.helpers.structs import (  # noqa: PLC0415
            AuthenticatorSelectionCriteria,
            PublicKeyCredentialDescriptor,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        known = await self.store.of(person.id)
        if len(known) >= MOST_PASSKEYS:
            raise Conflict(f"You have {MOST_PASSKEYS} passkeys: remove one first.")
        options = generate_registration_options(
            rp_id=site.host,
            rp_name=NAME,
            user_id=person.id.encode(),
            user_name=person.email or person.name,
            user_display_name=person.name,
            challenge=self.challenges.new(person.id),
            # It has to be found without a name, and to ask for a finger or a PIN: it stands for a password.
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes_of(passkey.id)) for passkey in known],
        )
        return options_to_json_dict(options)

    async def register(self, person: Person, site: Site, credential: dict[str, Any], name: str) -> Passkey:
        """Keep a passkey that the person's browser has made; raises InvalidRequest for one that proves nothing."""
        from webauthn import verify_registration_response  # noqa: PLC0415
        from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

        challenge = challenge_in(credential)
        if not self.challenges.take(challenge, person.id):
            raise InvalidRequest("The passkey was made too late: begin again.")
        try:
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError):
            raise InvalidRequest("The passkey proves nothing.") from None
        passkey = Passkey(
            id=text_of(verified.credential_id),
            person_id=person.id,
            public_key=text_of(verified.credential_public_key),
            sign_count=verified.sign_count,
            name=name,
            created_at=int(self.clock.wall()),
        )
        await self.store.add(passkey)
        return passkey

    def request_options(self, site: Site) -> dict[str, Any]:
        """What a browser needs to sign in by any passkey of this site that it finds."""
        from webauthn import generate_authentication_options  # noqa: PLC0415
        from webauthn.helpers.options_to_json_dict import options_to_json_dict  # noqa: PLC0415
        from webauthn.helpers.structs import UserVerificationRequirement  # noqa: PLC0415

        options = generate_authentication_options(
            rp_id=site.host, challenge=self.challenges.new(""), user_verification=UserVerificationRequirement.REQUIRED
        )
        return options_to_json_dict(options)

    async def person(self, site: Site, credential: dict[str, Any]) -> Person:
        """Whose passkey has signed a challenge; raises Unauthenticated."""
        from webauthn import verify_authentication_response  # noqa: PLC0415
        from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

        challenge = challenge_in(credential)
        passkey = await self.store.find(str(credential.get("id")))
        if not self.challenges.take(challenge, "") or passkey is None:
            raise Unauthenticated
        try:
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=bytes_of(passkey.public_key),
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError):
            raise Unauthenticated from None
        person = self.people.persons.get(passkey.person_id)
        if person is None or not person.enabled:
            raise Unauthenticated
        await self.store.used(passkey.id, verified.new_sign_count, int(self.clock.wall()))
        return person


def challenge_in(credential: dict[str, Any]) -> bytes:
    """The challenge that a credential answers; raises InvalidRequest where it answers none."""
    try:
        data = msgspec.json.decode(bytes_of(credential["response"]["clientDataJSON"]))
        return bytes_of(data["challenge"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidRequest("credential: is no answer of a passkey") from None


def bytes_of(text: str) -> bytes:
    """From base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text_of(data: bytes) -> str:
    """As base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")
