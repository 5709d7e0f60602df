"""`aihub-lite person …`, `aihub-lite team …`, `aihub-lite invite` and `aihub-lite invitation …`: who shares it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.base.commands import (
    AdminApi,
    Limit,
    OptionGroup,
    Search,
    change,
    command,
    number_or_none,
    or_none,
    split_list,
    without_none,
)
from aihub_lite.cli.base.output import (
    amount_text,
    limits_facts,
    paused_text,
    print_facts,
    print_json,
    print_table,
    shown,
    warn,
)

person_app = typer.Typer(help="People who share the gateway.", no_args_is_help=True, rich_markup_mode=None)
team_app = typer.Typer(help="People who share a pot of money.", no_args_is_help=True, rich_markup_mode=None)
invitation_app = typer.Typer(help="Links by which people come in.", no_args_is_help=True, rich_markup_mode=None)
invite_app = typer.Typer(rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name, id or address.", show_default=False)]
TeamName = Annotated[str, typer.Argument(metavar="TEAM", help="Name or id.", show_default=False)]
NewName = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
PEOPLE = {"name": "NAME", "role": "ROLE", "team": "TEAM", "state": "STATE", "tokens": "TOKENS", "spent": "SPENT"}
TEAMS = {"name": "NAME", "members": "MEMBERS", "tokens": "TOKENS", "spent": "SPENT"}
INVITATIONS = {"name": "NAME", "email": "EMAIL", "created": "INVITED", "expires": "UNTIL"}


def standing(
    email: Annotated[str | None, typer.Option(metavar="ADDRESS|none", help="Their e-mail address.")] = None,
    role: Annotated[str | None, typer.Option(metavar="owner|admin|member", help="What they may do.")] = None,
    team: Annotated[str | None, typer.Option(metavar="TEAM|none", help="Whose pot they share.")] = None,
) -> dict[str, Any]:
    """Who somebody is here."""
    return {**or_none(email=email, team=team), **without_none(role=role)}


def own_tokens(
    most: Annotated[str | None, typer.Option("--most-tokens", metavar="N", help="Tokens they may make.")] = None,
    group: Annotated[str | None, typer.Option("--token-group", metavar="GROUP", help="The group of those.")] = None,
    models: Annotated[
        str | None, typer.Option("--token-models", metavar="GLOB,…", help="Models those may use; '' is all.")
    ] = None,
    rpm: Annotated[str | None, typer.Option("--token-rpm", metavar="N|none", help="Their requests per minute.")] = None,
) -> dict[str, Any]:
    """What the tokens may that somebody makes for themselves."""
    fields = without_none(token_group=group, token_models=split_list(models))
    if most is not None:
        fields["most_tokens"] = number_or_none(most)
    if rpm is not None:
        fields.update(or_none(token_rpm=number_or_none(rpm)))
    return fields


PERSON_OPTIONS: tuple[OptionGroup, ...] = (standing, own_tokens)
"""Of `person create` and `person set`; one more function brings its options to both."""


@command(person_app, "create", PERSON_OPTIONS)
def create_person(api: AdminApi, fields: dict[str, Any], name: NewName) -> None:
    """Somebody new, who can have tokens at once, and sign in once invited."""
    answer = api.call("POST", "people", body={"name": name, **fields})
    if not api.print_as_json(answer):
        print(f"Person {answer['name']} created.")


@command(person_app, "set", PERSON_OPTIONS)
def set_person(
    api: AdminApi,
    fields: dict[str, Any],
    name: Name,
    new_name: Annotated[str | None, typer.Option("--name", metavar="NEW", help="Call them so from now on.")] = None,
) -> None:
    """Change what is said of a person; to another team their tokens go along."""
    body = {**without_none(name=new_name), **fields}
    if not body:
        raise typer.BadParameter("say what to change: --help shows the options")
    answer = api.call("PATCH", "people", name, body=body)
    warn(answer)
    if not api.print_as_json(answer):
        changed = [f"{field} {shown(answer[field])}" for field in body]
        print(f"Person {answer['name']}: {', '.join(changed)}.")


@command(person_app, "list")
def list_people(api: AdminApi, q: Search = None, limit: Limit = None) -> None:
    """Everybody, oldest first."""
    answer = api.rows("people", q, limit)
    if not api.print_as_json(answer):
        print_table([_row(person) for person in answer], PEOPLE, "Nobody yet: aihub-lite invite NAME.")


@command(person_app, "show")
def show_person(api: AdminApi, name: Name) -> None:
    """Everything about one person."""
    answer = api.call("GET", "people", name)
    if not api.print_as_json(answer):
        print_facts(_facts(answer))


@command(person_app, "disable")
def disable_person(api: AdminApi, name: Name) -> None:
    """Refuse them and all of their tokens from the next request on."""
    change(api, "Person", "disabled", "POST", "people", name, "disable")


@command(person_app, "enable")
def enable_person(api: AdminApi, name: Name) -> None:
    """Let them and their tokens in again."""
    change(api, "Person", "enabled", "POST", "people", name, "enable")


@command(person_app, "pause")
def pause_person(api: AdminApi, name: Name) -> None:
    """Refuse all of their tokens with 402, which clients take for final, until they are resumed."""
    change(api, "Person", "paused", "POST", "people", name, "pause")


@command(person_app, "resume")
def resume_person(api: AdminApi, name: Name) -> None:
    """Let their tokens go on after a pause, but for those that are paused by themselves."""
    change(api, "Person", "resumed", "POST", "people", name, "resume")


@command(person_app, "delete")
def delete_person(api: AdminApi, name: Name) -> None:
    """Remove them and all of their tokens; their usage stays on record."""
    _delete(api, "Person", "people", name)


@command(team_app, "create")
def create_team(api: AdminApi, name: NewName) -> None:
    """A new team; `team add` puts people into it."""
    answer = api.call("POST", "teams", body={"name": name})
    if not api.print_as_json(answer):
        print(f"Team {answer['name']} created.")


@command(team_app, "set")
def set_team(
    api: AdminApi,
    team: TeamName,
    new_name: Annotated[str, typer.Option("--name", metavar="NEW", help="Call it so from now on.")],
) -> None:
    """Rename a team."""
    answer = api.call("PATCH", "teams", team, body={"name": new_name})
    if not api.print_as_json(answer):
        print(f"Team {team}: name {answer['name']}.")


@command(team_app, "list")
def list_teams(api: AdminApi, q: Search = None, limit: Limit = None) -> None:
    """All teams, by name."""
    answer = api.rows("teams", q, limit)
    if not api.print_as_json(answer):
        print_table([{**team, "spent": amount_text(team["spent_usd"])} for team in answer], TEAMS, "No teams.")


@command(team_app, "show")
def show_team(api: AdminApi, team: TeamName) -> None:
    """Everything about one team."""
    answer = api.call("GET", "teams", team)
    if not api.print_as_json(answer):
        print_facts(_facts(answer))


@command(team_app, "delete")
def delete_team(api: AdminApi, team: TeamName) -> None:
    """Remove a team that nobody belongs to, and its own tokens; its usage stays on record."""
    _delete(api, "Team", "teams", team)


@command(team_app, "add")
def add_member(api: AdminApi, team: TeamName, person: Name) -> None:
    """Let somebody belong to it, and to no other; their tokens go along."""
    answer = api.call("PUT", "teams", team, "members", person)
    if not api.print_as_json(answer):
        print(f"Team {answer['name']}: {shown(answer['members'])}.")


@command(team_app, "remove")
def remove_member(api: AdminApi, team: TeamName, person: Name) -> None:
    """Let somebody belong to no team; their tokens stay theirs."""
    answer = api.call("DELETE", "teams", team, "members", person)
    if not api.print_as_json(answer):
        print(f"Team {answer['name']}: {shown(answer['members'])}.")


@command(invite_app, "invite", PERSON_OPTIONS)
def invite(api: AdminApi, fields: dict[str, Any], name: NewName) -> None:
    """Print a link by which somebody comes in, once and within a week; who is not there yet is made."""
    answer = api.call("POST", "invitations", body={"name": name, **fields})
    address = answer["public_url"] or (api.client.address() or "").rstrip("/")
    link = f"{address}{answer['path']}"
    if api.json:
        print_json({**answer, "url": link if address else None})
        return
    print(f"{answer['person']['name']} is invited until {answer['expires']}. The link is shown only now:\n\n{link}")
    mail = answer["mail"]
    if mail is not None and mail["sent"]:
        print(f"\nIt is on its way to {mail['to']}, too.")
    elif mail is not None:
        print(f"\nThe mail to {mail['to']} failed: {mail['error']}")
    if not address:
        print("\nNo server runs here: put the gateway's address before it.")


@command(invitation_app, "list")
def list_invitations(api: AdminApi, q: Search = None, limit: Limit = None) -> None:
    """Those that are still open, newest first."""
    answer = api.rows("invitations", q, limit)
    if not api.print_as_json(answer):
        print_table(answer, INVITATIONS, "No open invitations.")


@command(invitation_app, "end")
def end_invitation(api: AdminApi, name: Name) -> None:
    """Somebody's link opens nothing any more."""
    change(api, "Invitation of", "ended", "DELETE", "invitations", name)


def _row(person: dict[str, Any]) -> dict[str, Any]:
    state = "disabled"
    if person["enabled"]:
        state = "enabled"
    if person["enabled"] and person["paused"]:
        state = "paused"
    elif person["invited"]:
        state = "invited"
    return {**person, "state": state, "spent": amount_text(person["spent_usd"])}


def _facts(answer: dict[str, Any]) -> dict[str, Any]:
    facts = {field: value for field, value in answer.items() if field not in ("spent_usd", "limits", "tightest")}
    amounts = {"spent": amount_text(answer["spent_usd"]), **limits_facts(answer)}
    return {**facts, "paused": paused_text(answer), **amounts}


def _delete(api: AdminApi, noun: str, *path: str) -> None:
    answer = api.call("DELETE", *path)
    if api.print_as_json(answer):
        return
    gone = ""
    if answer["tokens"]:
        gone = f", with {shown(answer['tokens'])}"
    print(f"{noun} {answer['name']} deleted{gone}.")
