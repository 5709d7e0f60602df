"""The log of an import as history: who called what, when and for how much, charged to nobody again."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.money import exact_dollars, usd
from aihub_lite.domain.people.person import Person
from aihub_lite.domain.usage import Usage, UsageRecord
from aihub_lite.gateway.moving.planning import KNOWN, Planning
from aihub_lite.gateway.state.identity import new_id
from aihub_lite.moving.move import MovedCall

GONE = "deleted"
"""The name of a token of which a log says nothing at all."""


def plan_history(plan: Planning) -> None:
    """All calls that did not come along before. Statistics count them, no budget and no quota does."""
    calls = plan.move.calls
    if not calls:
        return
    new = [call for call in calls if ("call", call.source) not in plan.known]
    history = _History(plan)
    for call in new:
        record = history.record(call)
        plan.arrivals.records.append(record)
        plan.arrivals.sources["call", call.source] = record.request_id
    becomes = KNOWN
    if new:
        cost = exact_dollars(usd(sum(call.cost_nano for call in new)))
        becomes = f"{len(new)} requests in the history, {cost}"
    plan.say("log", "", f"{len(calls)} calls", becomes, [f"tagged {history.tag}, and charged to nobody here"])


@attrs.define(eq=False)
class _History:
    plan: Planning
    tokens: dict[str, str] = attrs.field(init=False)
    """Names by our id."""
    channels: dict[str, str] = attrs.field(init=False)
    people: Mapping[str, Person] = attrs.field(init=False)
    gone: dict[tuple[str, str], str] = attrs.field(factory=dict)
    """Ids for tokens that are no more, by whose they were and their name."""

    def __attrs_post_init__(self) -> None:
        gateway, arrivals = self.plan.gateway, self.plan.arrivals
        self.tokens = {token.id: token.name for token in gateway.registry.tokens.all}
        self.tokens |= {token.id: token.name for token, _ in arrivals.tokens}
        channels = [*gateway.registry.channels.all, *arrivals.channels]
        self.channels = {channel.id: channel.name for channel in channels}
        self.people = {person.id: person for person in [*gateway.people.persons.values(), *arrivals.people]}

    @property
    def tag(self) -> str:
        """By which statistics tell what was before the move."""
        return f"from-{self.plan.move.program}"

    def record(self, call: MovedCall) -> UsageRecord:
        """One call as a record of ours."""
        token_id, token = self.token_of(call)
        person_id, team_id = self.owners_of(call)
        outcome = "ok"
        if call.error_code:
            outcome = "error"
        return UsageRecord(
            request_id=f"{self.plan.move.program}-{call.source}",
            started_ms=call.started_ms,
            token_id=token_id,
            token=token,
            model=call.model,
            surface="chat",
            streamed=call.streamed,
            outcome=outcome,  # type: ignore[arg-type]
            status=call.status,
            error_code=call.error_code,
            channel=self.channels.get(self.plan.our_id("channel", call.channel), call.channel_name),
            upstream_model=call.upstream_model or call.model,
            attempts=(),
            usage=Usage.clamped(
                call.prompt_tokens, call.completion_tokens, call.cache_read_tokens, call.cache_write_tokens
            ),
            usage_source="moved",
            price="",
            cost_nano=call.cost_nano,
            overrun_nano=0,
            first_byte_ms=call.first_byte_ms,
            duration_ms=call.duration_ms,
            client=self.plan.move.program,
            person_id=person_id,
            team_id=team_id,
            tags=(self.tag,),
        )

    def token_of(self, call: MovedCall) -> tuple[str, str]:
        """Our id and name of its token; of one that is no more, an id that nothing else has."""
        token_id = self.plan.our_id("token", call.token)
        if not token_id:
            token_id = self.gone.setdefault((call.person, call.token_name), new_id("tok_"))
        return token_id, self.tokens.get(token_id, call.token_name or GONE)

    def owners_of(self, call: MovedCall) -> tuple[str, str]:
        """Our ids of its person and team."""
        person = self.people.get(self.plan.our_id("person", call.person))
        if person is not None:
            return person.id, person.team_id
        return "", self.plan.our_id("team", call.team)
