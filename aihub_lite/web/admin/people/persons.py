"""`/api/admin/people`: who shares the gateway, with the role and the team of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
from litestar import delete, get, patch, post
from litestar.params import FromPath

from aihub_lite.domain.people.person import Person
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.own_tokens import own_tokens
from aihub_lite.gateway.people.ownership import team_id_of, team_name, tokens_of
from aihub_lite.web.access.actor import Actor, actor_of, check_over, check_role
from aihub_lite.web.admin.bodies import read_object, structure
from aihub_lite.web.admin.dependencies import TheAsked, TheBody, TheGateway, TheSightings, takes
from aihub_lite.web.admin.paging import Asked, Order, page_json
from aihub_lite.web.admin.people.views import people_json, person_json
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class PersonInput:
    """Body of POST and PATCH; what is absent from a PATCH stays as it is."""

    name: str = ""
    email: str | None = None
    role: str = "member"
    team: str | None = None
    """Name or id."""
    enabled: bool = True
    most_tokens: int = 10
    """How many tokens they may have and still make one for themselves."""
    token_group: str = "default"  # noqa: S105  the name of a group
    """Of the tokens that they make or have made; the next two are what those may, at most."""
    token_models: tuple[str, ...] = ()
    token_rpm: int | None = None


OLDEST_FIRST = Order[Person](place=lambda person: (person.created_at, person.name), kind=tuple[int, str])


def person_fields(body: bytes) -> Mapping[str, Any]:
    """The fields that a body sets, checked for form; raises InvalidRequest."""
    fields = read_object(body)
    values = attrs.asdict(structure(fields, PersonInput), recurse=False)
    return {name: values[name] for name in fields}


def change_for(gateway: Gateway, fields: Mapping[str, Any]) -> Callable[[Person], Person]:
    """The change that gives a person the fields of a body. Raises InvalidRequest."""
    plain_fields = {name: value for name, value in fields.items() if name != "team"}
    if plain_fields.get("email") == "":
        plain_fields["email"] = None

    def change(person: Person) -> Person:
        person = attrs.evolve(person, **plain_fields)
        if "team" in fields:
            # Looked up within the change, during which no team is deleted.
            person = attrs.evolve(person, team_id=team_id_of(gateway.people, fields["team"]))
        return person

    return change


def allowed(actor: Actor, change: Callable[[Person], Person]) -> Callable[[Person], Person]:
    """The same change, where whoever asks for it may make it; else it raises AccessDenied."""

    def checked(person: Person) -> Person:
        check_over(actor, person)
        changed = change(person)
        check_role(actor, changed.role)
        return changed

    return checked


async def people_rows(gateway: Gateway, order: Order[Person], asked: Asked) -> list[tuple[Person, Json]]:
    """The people beyond a page, as `Order.beyond` has them, each with what is shown of them."""
    matching = (person for person in gateway.people.persons.values() if _wanted(gateway, person, asked))
    people = order.beyond(matching, asked)
    return list(zip(people, await people_json(gateway, people), strict=True))


def _wanted(gateway: Gateway, person: Person, asked: Asked) -> bool:
    return asked.wants(person.name, person.email or "", person.role, team_name(gateway.people, person) or "")


@get("/")
async def list_people(gateway: TheGateway, asked: TheAsked) -> Json:
    """List people, a page at a time, oldest first; `q` is of a name, address, role or team."""
    return page_json("people", OLDEST_FIRST, await people_rows(gateway, OLDEST_FIRST, asked), asked.limit)


@post("/", opt=takes(PersonInput))
async def create_person(request: AnyRequest, gateway: TheGateway, content: TheBody) -> Json:
    """Add a person. They can sign in once they were invited; tokens can be theirs at once."""
    fields: Mapping[str, Any] = {"name": "", **person_fields(content)}
    change = allowed(actor_of(request), change_for(gateway, fields))
    return await person_json(gateway, await gateway.people.create_person(fields["name"], change))


@get("/{ref:str}")
async def show_person(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Show a person, by name, id or address."""
    return await person_json(gateway, gateway.people.person(ref))


@patch("/{ref:str}", opt=takes(PersonInput))
async def edit_person(request: AnyRequest, gateway: TheGateway, ref: FromPath[str], content: TheBody) -> Json:
    """Change a person: the fields of the body; to another team their tokens go along.

    What a person's own tokens may do holds for existing tokens as well, from the next request on; `warnings` say what
    does not.
    """
    change = allowed(actor_of(request), change_for(gateway, person_fields(content)))
    person = await gateway.people.edit_person(ref, change)
    return {**await person_json(gateway, person), "warnings": warnings(gateway, person)}


def warnings(gateway: Gateway, person: Person) -> list[str]:
    """What does not follow from how many tokens somebody may have."""
    tokens = len(own_tokens(gateway.registry.tokens, person))
    if tokens <= person.most_tokens:
        return []
    return [f"{person.name} has {tokens} tokens: those go on working, and they make no more"]


@post("/{ref:str}/enable", status_code=200)
async def enable_person(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Enable a person: they may sign in again, and their tokens open what they opened before."""
    change = allowed(actor_of(request), change_for(gateway, {"enabled": True}))
    return await person_json(gateway, await gateway.people.edit_person(ref, change))


@post("/{ref:str}/disable", status_code=200)
async def disable_person(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Disable a person and all of their tokens from the next request on; running ones finish."""
    change = allowed(actor_of(request), change_for(gateway, {"enabled": False}))
    return await person_json(gateway, await gateway.people.edit_person(ref, change))


@post("/{ref:str}/pause", status_code=200)
async def pause_person(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Pause a person: requests of all of their tokens are refused with 402 `paused_for_safety` until they are resumed;
    they may sign in."""
    person = gateway.people.person(ref)
    check_over(actor_of(request), person)
    await gateway.pauses.pause_by_hand(person)
    return await person_json(gateway, person)


@post("/{ref:str}/resume", status_code=200)
async def resume_person(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Resume a person's tokens, but for those that are paused by themselves."""
    person = gateway.people.person(ref)
    check_over(actor_of(request), person)
    await gateway.pauses.resume(person)
    return await person_json(gateway, person)


@delete("/{ref:str}", status_code=200)
async def delete_person(request: AnyRequest, gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]) -> Json:
    """Delete a person and their tokens, which are named; running requests finish, and usage records stay."""
    check_over(actor_of(request), gateway.people.person(ref))
    tokens = tokens_of(gateway.registry.tokens, gateway.people.person(ref))
    person = await gateway.people.delete_person(ref)
    for token in tokens:
        sightings.forget(token.id)
    return {"id": person.id, "name": person.name, "deleted": True, "tokens": [token.name for token in tokens]}


persons_router = PathRouter(
    "/people",
    route_handlers=[
        list_people,
        create_person,
        show_person,
        edit_person,
        enable_person,
        disable_person,
        pause_person,
        resume_person,
        delete_person,
    ],
)
