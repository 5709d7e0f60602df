"""`/api/admin/invitations`: links by which people come in, each once and within a week."""

from __future__ import annotations

import secrets

import attrs
from litestar import delete, get, post
from litestar.params import FromPath

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.token import digest_of
from aihub_lite.errors import Conflict, NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.watch import note
from aihub_lite.storage.people.invitations import Invitation
from aihub_lite.web.access.actor import actor_of, check_over
from aihub_lite.web.admin.bodies import read_object, structure
from aihub_lite.web.admin.dependencies import TheAsked, TheBody, TheGateway, takes
from aihub_lite.web.admin.paging import Asked, Order, page_json
from aihub_lite.web.admin.people.mail import invitation_mail
from aihub_lite.web.admin.people.persons import allowed, change_for
from aihub_lite.web.admin.people.views import person_json
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.views import Json, moment_text

SECONDS = 7 * 86_400
"""How long a link opens: a week, so that one which is sent before a holiday still does after it."""


@attrs.frozen(kw_only=True)
class InvitationInput:
    """Body of POST; the rest is for somebody who is new."""

    name: str
    email: str | None = None
    role: str | None = None
    team: str | None = None


NEWEST_FIRST = Order[tuple[Invitation, Person]](
    place=lambda row: (row[0].created_at, row[0].person_id), kind=tuple[int, str], falling=True
)


async def invitation_rows(gateway: Gateway, asked: Asked) -> list[tuple[tuple[Invitation, Person], Json]]:
    """The open invitations beyond a page, as `Order.beyond` has them, each with what is shown of it."""
    persons = gateway.people.persons
    opened = await gateway.people.invitations.all(int(gateway.clock.wall()))
    rows = [(each, persons[each.person_id]) for each in opened if each.person_id in persons]
    wanted = NEWEST_FIRST.beyond((row for row in rows if asked.wants(row[1].name, row[1].email or "")), asked)
    return [(row, _invitation_json(*row)) for row in wanted]


def _invitation_json(invitation: Invitation, person: Person) -> Json:
    """Without the link: it is shown once."""
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "created": moment_text(invitation.created_at),
        "expires": moment_text(invitation.expires_at),
    }


@get("/")
async def list_invitations(gateway: TheGateway, asked: TheAsked) -> Json:
    """List invitations that are still open, a page at a time, newest first; `q` is of a name or an address."""
    return page_json("invitations", NEWEST_FIRST, await invitation_rows(gateway, asked), asked.limit)


@post("/", opt=takes(InvitationInput))
async def create_invitation(request: AnyRequest, gateway: TheGateway, content: TheBody) -> Json:
    """Invite a person by a link; they are made where there are none of that name, and no other answer holds it.

    `public_url` is where the gateway is, if that is set. Where a mail server is set and the person's address known, the
    link goes there too, and `mail` says whether it is out: the call waits for that some seconds at most. Refused
    with 409 where the person is there already and what the body says of them is not so.
    """
    fields = read_object(content)
    values = attrs.asdict(structure(fields, InvitationInput), recurse=False)
    given = {name: value for name, value in values.items() if value is not None}
    person = _known(gateway, given["name"])
    new = person is None
    if person is None:
        change = allowed(actor_of(request), change_for(gateway, given))
        person = await gateway.people.create_person(given["name"], change)
    else:
        check_over(actor_of(request), person)
        _check_same(gateway, person, given)
    secret = secrets.token_urlsafe(32)
    invitation = await gateway.people.invite(person.id, digest_of(secret), SECONDS)
    note("invitation", person.id, person.name)
    path = f"/console/invitation/{secret}"
    until = moment_text(invitation.expires_at)[:16].replace("T", " ")
    return {
        "person": await person_json(gateway, person),
        "new": new,
        "path": path,
        "expires": moment_text(invitation.expires_at),
        "public_url": gateway.settings.public_url or None,
        "mail": await invitation_mail(gateway, person.email, person.name, path, until),
    }


def _known(gateway: Gateway, name: str) -> Person | None:
    try:
        return gateway.people.person(name)
    except NotFound:
        return None


def _check_same(gateway: Gateway, person: Person, given: dict[str, str]) -> None:
    wanted = change_for(gateway, {name: value for name, value in given.items() if name != "name"})(person)
    if (wanted.email or "").lower() != (person.email or ""):
        raise Conflict(f"email: {person.name!r} is there already with another address: change that first.")
    if wanted.role != person.role:
        raise Conflict(f"role: {person.name!r} is there already as {person.role}: change that first.")
    if wanted.team_id != person.team_id:
        raise Conflict(f"team: {person.name!r} is there already and in another team: change that first.")


@delete("/{ref:str}", status_code=200)
async def end_invitation(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Json:
    """End the invitation of a person, by name, id or address: its link opens nothing any more; 404 where they
    have none."""
    person = gateway.people.person(ref)
    check_over(actor_of(request), person)
    if not await gateway.people.invitations.end(person.id):
        raise NotFound(f"{person.name!r} has no open invitation.")
    note("invitation", person.id, person.name)
    return {"id": person.id, "name": person.name, "ended": True}


invitations_router = PathRouter("/invitations", route_handlers=[list_invitations, create_invitation, end_invitation])
