"""Teams, users and virtual keys of a LiteLLM database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import attrs

from aihub_lite.domain.money import plain, usd
from aihub_lite.domain.people.person import Person, Role, Team, check_email
from aihub_lite.domain.token import Token, digest_of
from aihub_lite.errors import InvalidRequest
from aihub_lite.moving.litellm.dump import array_of
from aihub_lite.moving.litellm.values import dict_of, list_of, mapping_in, moment_in, truth_in, usd_in, whole_in
from aihub_lite.moving.move import MovedPerson, MovedTeam, MovedToken, Remark
from aihub_lite.moving.postgres import Row, Tables

BUDGETS = "LiteLLM_BudgetTable"
TEAMS = "LiteLLM_TeamTable"
USERS = "LiteLLM_UserTable"
KEYS = "LiteLLM_VerificationToken"
ROLES: Mapping[str, Role] = {"proxy_admin": "admin"}
READ_ONLY = frozenset({"proxy_admin_viewer", "internal_user_viewer"})
DIGEST = re.compile(r"[0-9a-f]{64}")
DURATION = re.compile(r"([1-9][0-9]{0,3})(s|m|h|d|w|mo)")
WORDS: Mapping[str, str] = {"hourly": "1h", "daily": "1d", "weekly": "7d", "monthly": "30d"}
CALENDAR: Mapping[str, str] = {"1h": "hour", "1d": "day", "24h": "day", "7d": "week", "1w": "week"} | {
    "30d": "month", "1mo": "month"
}  # fmt: skip
"""Durations whose windows LiteLLM begins by the calendar."""
DAY = 86_400
HOUR = 3600
SECONDS: Mapping[str, int] = {"d": DAY, "h": HOUR}
MOST_DAYS = 366
MOST_HOURS = 24
ALL_TEAM = "all-team-models"
ALL_PROXY = frozenset({"all-proxy-models", "*"})
NONE_AT_ALL = "no-default-models"
UNUSED = ("soft_budget", "model_max_budget", "budget_limits", "guardrails", "permissions", "config", "router_settings")
"""Columns of which nothing is taken; a note says so where they hold anything."""
MASTER = "master key"
NO_LIMIT = 0
"""LiteLLM has none unless one is set: the default of a gateway must not refuse who was served."""


@attrs.frozen(kw_only=True)
class Allowance:
    """What may be spent, as its holder's row has it."""

    granted_nano: int | None
    used_nano: int
    budgets: tuple[str, ...] = ()
    window_nano: int = 0
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Household:
    """All that is known of whose keys there are."""

    tables: Tables
    now: int
    groups: Mapping[str, Sequence[str]]
    """Models by access group."""

    def teams(self) -> tuple[MovedTeam, ...]:
        """Each team with its pot."""
        return tuple(self._team(row) for row in self.tables.get(TEAMS, []))

    def people(self) -> tuple[MovedPerson, ...]:
        """Each user as a person."""
        return tuple(self._person(row) for row in self.tables.get(USERS, []))

    def tokens(self, master_key: str) -> tuple[tuple[MovedToken, ...], tuple[Remark, ...]]:
        """Each key as a token, the master key too, and what cannot be one."""
        tokens: list[MovedToken] = []
        left: list[Remark] = []
        if master_key:
            tokens.append(self._master(master_key))
        for row in self.tables.get(KEYS, []):
            name = row.get("key_alias") or row.get("key_name") or "key"
            try:
                tokens.append(self._token(row))
            except InvalidRequest as error:
                left.append(Remark(noun="token", source=row.get("token") or "", name=name, notes=(error.message,)))
        return tuple(tokens), tuple(left)

    def _team(self, row: Row) -> MovedTeam:
        source = row["team_id"] or ""
        allowance = self._allowance(row)
        notes = [*allowance.notes, *_unused(row)]
        for column, what in (("tpm_limit", "tokens"), ("rpm_limit", "requests")):
            if row.get(column) is not None:
                notes.append(
                    f"at most {row[column]} {what} per minute for the whole team: a team has no such limit here"
                )
        if row.get("max_parallel_requests") is not None:
            notes.append("requests at once: a team has no such limit here")
        if truth_in(row, "blocked"):
            notes.append("it was blocked: its keys are disabled")
        name = row.get("team_alias") or source
        return MovedTeam(
            source=source,
            team=Team(id="", name=name, created_at=moment_in(row, "created_at") or self.now),
            granted_nano=allowance.granted_nano,
            used_nano=allowance.used_nano,
            budgets=allowance.budgets,
            window_nano=allowance.window_nano,
            notes=tuple(notes),
        )

    def _person(self, row: Row) -> MovedPerson:
        source = row["user_id"] or ""
        allowance = self._allowance(row)
        notes = [*allowance.notes, *_unused(row)]
        role = row.get("user_role") or ""
        most_tokens = 10
        if role in READ_ONLY:
            most_tokens = 0
            notes.append(f"was {role}: there is no such role here, and they are a member who makes no tokens")
        if row.get("password"):
            notes.append("their password cannot be taken: invite them anew")
        if row.get("tpm_limit") is not None:
            notes.append("tokens per minute of all their keys: a person has no such limit here")
        teams = self._teams_of(source, row)
        if len(teams) > 1:
            notes.append(f"was in {len(teams)} teams: a person is in one here, the first")
        email = None
        try:
            if address := row.get("user_email"):
                email = check_email(address)
        except InvalidRequest as error:
            notes.append(error.message)
        return MovedPerson(
            source=source,
            person=Person(
                id="",
                name=_called(row),
                created_at=moment_in(row, "created_at") or self.now,
                role=ROLES.get(role, "member"),
                email=email,
                most_tokens=most_tokens,
                token_models=self._globs(array_of(row.get("models"))),
                token_rpm=whole_in(row, "rpm_limit") or None,
            ),
            team=next(iter(teams), ""),
            granted_nano=allowance.granted_nano,
            used_nano=allowance.used_nano,
            budgets=allowance.budgets,
            window_nano=allowance.window_nano,
            notes=tuple(notes),
        )

    def _teams_of(self, user: str, row: Row) -> list[str]:
        """The ids of a user's teams that there are: those of their row, then those whose rows name them."""
        teams = {team["team_id"] or "": team for team in self.tables.get(TEAMS, [])}
        named = [team for team in array_of(row.get("teams")) if team in teams]
        for team_id, team in teams.items():
            members = _listed(team)
            if user in members and team_id not in named:
                named.append(team_id)
        return named

    def _master(self, key: str) -> MovedToken:
        token = Token(
            id="",
            name="LiteLLM master key",
            digest=digest_of(key),
            hint=key[-4:],
            created_at=self.now,
            rpm=NO_LIMIT,
        )
        notes = ("it opens all models as before, and nothing else: the admin key is another one",)
        return MovedToken(source=MASTER, token=token, notes=notes)

    def _token(self, row: Row) -> MovedToken:
        digest = row.get("token") or ""
        if not DIGEST.fullmatch(digest):
            raise InvalidRequest("its key is not kept as a SHA-256 digest: make it anew")
        row = self._with_budget(row)
        team = next((each for each in self.tables.get(TEAMS, []) if each["team_id"] == row.get("team_id")), None)
        user = next((each for each in self.tables.get(USERS, []) if each["user_id"] == row.get("user_id")), None)
        allowance = self._allowance(row)
        notes = [*allowance.notes, *_unused(row), *_metadata_notes(row)]
        blocked = truth_in(row, "blocked") or (team is not None and truth_in(team, "blocked"))
        models = self._models(row, team, user)
        if models is None:
            notes.append("may use no model, as before: it is disabled")
        person = self._owner(team, user, notes)
        hint = (row.get("key_name") or "")[-4:]
        name = row.get("key_alias") or f"LiteLLM {hint}".strip()
        token = Token(
            id="",
            name=name,
            digest=digest,
            hint=hint,
            created_at=moment_in(row, "created_at") or self.now,
            enabled=not blocked and models is not None,
            quota_nano=allowance.granted_nano,
            models=models or (),
            expires_at=moment_in(row, "expires"),
            rpm=whole_in(row, "rpm_limit") or NO_LIMIT,
            tpm=whole_in(row, "tpm_limit"),
            concurrency=whole_in(row, "max_parallel_requests") or None,
        )
        return MovedToken(
            source=digest,
            token=token,
            person=person,
            team=_id_of(team, "team_id"),
            used_nano=allowance.used_nano,
            budgets=allowance.budgets,
            window_nano=allowance.window_nano,
            notes=tuple(notes),
        )

    def _owner(self, team: Row | None, user: Row | None, notes: list[str]) -> str:
        """Whose person's a key is: of a team's key only who is in that team, and has no budget that it did not count
        in; else it is the team's own."""
        if user is None:
            return ""
        user_id = user["user_id"] or ""
        teams = self._teams_of(user_id, user)
        if team is not None and (teams[:1] != [team["team_id"]] or user.get("max_budget") is not None):
            notes.append(f"is the team's own now, made by {_called(user)}")
            return ""
        if team is None and teams:
            notes.append("what it spends counts in its person's team too")
        return user_id

    def _with_budget(self, row: Row) -> Row:
        """A row with what the budget that it names says where it says nothing itself."""
        named = row.get("budget_id")
        budget = next((each for each in self.tables.get(BUDGETS, []) if named and each.get("budget_id") == named), None)
        if budget is None:
            return row
        return {**row, **{name: value for name, value in budget.items() if row.get(name) is None}}

    def _allowance(self, row: Row) -> Allowance:
        limit = usd_in(row, "max_budget")
        used = max(usd_in(row, "spend") or 0, 0)
        duration = row.get("budget_duration") or ""
        if limit is None or not duration:
            return Allowance(granted_nano=limit, used_nano=used)
        resets_at = moment_in(row, "budget_reset_at")
        period = period_of(duration, resets_at, self.now)
        if period is None:
            why = f"its budget refilled each {duration}, as none does here: what it had is its quota, once"
            return Allowance(granted_nano=limit, used_nano=used, notes=(why,))
        in_all = max(usd_in(row, "total_spend") or 0, used)
        budget = f"{plain(usd(limit))}/{period}"
        if resets_at is not None and resets_at <= self.now:
            used = 0
        return Allowance(granted_nano=None, used_nano=in_all, budgets=(budget,), window_nano=used)

    def _models(self, row: Row, team: Row | None, user: Row | None) -> tuple[str, ...] | None:
        """Globs of what a key may use, of its holder's too; empty for all, None for nothing."""
        own = array_of(row.get("models"))
        holder: Row = team or user or {}
        outer = array_of(holder.get("models"))
        if NONE_AT_ALL in own or (NONE_AT_ALL in outer and not own):
            return None
        own_globs, outer_globs = self._globs(own), self._globs(outer)
        if not own_globs or not outer_globs:
            return own_globs or outer_globs
        both = tuple(glob for glob in own_globs if any(fnmatchcase(glob, outer) for outer in outer_globs))
        return both or None

    def _globs(self, names: Iterable[str]) -> tuple[str, ...]:
        """Models as a token has them: access groups are written out."""
        globs: dict[str, None] = {}
        for name in names:
            if name in ALL_PROXY:
                return ()
            if name in self.groups:
                globs |= dict.fromkeys(self.groups[name])
            elif name not in (ALL_TEAM, NONE_AT_ALL):
                globs[name] = None
        return tuple(globs)


def _id_of(row: Row | None, column: str) -> str:
    """The id of a row; empty where there is none."""
    return (row or {}).get(column) or ""


def _called(row: Row) -> str:
    """What a user goes by: their id, unless that is a number of no meaning."""
    user_id = row.get("user_id") or ""
    if re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]{27}", user_id):
        return row.get("user_alias") or row.get("user_email") or user_id
    return user_id


def _listed(team: Row) -> list[str]:
    """The ids of a team's members."""
    members = mapping_in({"all": f'{{"all": {team.get("members_with_roles") or "[]"}}}'}, "all").get("all")
    return [str(member.get("user_id")) for member in members or [] if isinstance(member, dict)]


def period_of(duration: str, resets_at: int | None, now: int) -> str | None:
    """A budget's window as ours are written, so that it ends when LiteLLM's would; None where there is none like it."""
    duration = WORDS.get(duration, duration)
    match = DURATION.fullmatch(duration)
    if match is None:
        return None
    if duration in CALENDAR and (resets_at is None or _by_calendar(CALENDAR[duration], resets_at)):
        return CALENDAR[duration]
    number, unit = int(match[1]), match[2]
    if unit == "w":
        number, unit = number * 7, "d"
    if unit == "mo" and number == 1:
        number, unit = 30, "d"
    if not (unit == "d" and number <= MOST_DAYS) and not (unit == "h" and number <= MOST_HOURS):
        return None
    length = number * SECONDS[unit]
    begins = (resets_at or now) - length
    while begins > now:
        begins -= length
    return f"{number}{unit}@{datetime.fromtimestamp(begins, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _by_calendar(period: str, moment: int) -> bool:
    """Whether a window of the calendar ends at a moment."""
    at = datetime.fromtimestamp(moment, UTC)
    if period == "hour":
        return moment % HOUR == 0
    if moment % DAY:
        return False
    return period == "day" or (period == "week" and at.weekday() == 0) or (period == "month" and at.day == 1)


def _unused(row: Row) -> list[str]:
    """A note on columns that hold something that has no place here."""
    found = [name for name in UNUSED if row.get(name) not in (None, "", "{}", "[]", "null")]
    return [f"not taken: {', '.join(found)}"] * bool(found)


def _metadata_notes(row: Row) -> list[str]:
    metadata: Mapping[str, Any] = mapping_in(row, "metadata")
    notes = []
    if limits := metadata.get("model_rpm_limit") or metadata.get("model_tpm_limit"):
        models = ", ".join(dict_of(limits))
        notes.append(f"its limits of single models ({models}) have no place here")
    if tags := metadata.get("tags"):
        told = ", ".join(str(tag) for tag in list_of(tags))
        notes.append(f"its tags ({told}) are not put on its requests: clients send x-aihub-tags")
    if routes := array_of(row.get("allowed_routes")):
        notes.append(f"was for {', '.join(routes)} alone: here it may use every endpoint")
    return notes
