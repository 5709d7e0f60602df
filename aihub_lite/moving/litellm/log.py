"""LiteLLM's log: `LiteLLM_SpendLogs`, a row for each call that ended, well or not."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs

from aihub_lite.domain.money import exact_dollars, nano_usd, usd
from aihub_lite.domain.token import digest_of
from aihub_lite.domain.validation import check_model
from aihub_lite.errors import InvalidRequest
from aihub_lite.moving.litellm.deployments import Deployment
from aihub_lite.moving.litellm.people import MASTER
from aihub_lite.moving.litellm.values import dict_of, json_in, usd_in, whole_in
from aihub_lite.moving.move import MOST_CALLS, MovedCall, MovedToken, Remark
from aihub_lite.moving.newest import NewestRows, Row

LOG = "LiteLLM_SpendLogs"
PLAIN = (
    "request_id",
    "api_key",
    "spend",
    "prompt_tokens",
    "completion_tokens",
    "startTime",
    "endTime",
    "completionStartTime",
    "model",
    "model_id",
    "model_group",
    "custom_llm_provider",
    "user",
    "team_id",
    "status",
)
METADATA = "metadata"
"""Of which the name of the key, the tokens of caches and the status of a fault are kept."""
MASTER_NAME = "litellm_proxy_master_key"
"""Instead of its digest, where its operator wanted that."""
FAILED = "failure"
FAULT = "upstream_error"
UNKNOWN = "unknown"
"""The model of a call that named none, or one whose name none may have."""


def newest_calls(most: int = MOST_CALLS) -> NewestRows:
    """What a reader of the database is to take of the log."""
    return NewestRows(
        table=LOG, order="startTime", columns=(*PLAIN, METADATA), amount="spend", most=most, cut=_without_texts
    )


def _without_texts(row: Row) -> Row:
    """Its metadata may hold what was asked and answered."""
    metadata = _metadata(row)
    usage = dict_of(metadata.get("usage_object")) or dict_of(metadata.get("additional_usage_values"))
    details = dict_of(usage.get("prompt_tokens_details"))
    kept = {
        "alias": metadata.get("user_api_key_alias"),
        "read": usage.get("cache_read_input_tokens") or details.get("cached_tokens"),
        "written": usage.get("cache_creation_input_tokens") or details.get("cache_creation_tokens"),
        "fault": dict_of(metadata.get("error_information")).get("error_code"),
    }
    short = {name: row.get(name) for name in PLAIN}
    short["status"] = short["status"] or _text(metadata.get("status"))
    return {**short, **{name: _text(value) for name, value in kept.items()}}


def _metadata(row: Row) -> Mapping[str, Any]:
    """An object, or the text of one; empty for anything else."""
    try:
        value = json_in(row, METADATA)
        if isinstance(value, str):
            value = json_in({METADATA: value}, METADATA)
    except InvalidRequest:
        return {}
    return dict_of(value)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return None


def calls_of(
    log: NewestRows, deployments: Sequence[Deployment], tokens: Sequence[MovedToken], master_key: str
) -> tuple[tuple[MovedCall, ...], tuple[Remark, ...]]:
    """The newest calls, oldest first, and what stays behind."""
    reading = _LogReading.of(deployments, tokens, master_key)
    calls, unread = [], 0
    for row in log.rows:
        try:
            calls.append(reading.call(row))
        except InvalidRequest:
            unread += 1
    return tuple(calls), tuple(_left(log, unread))


def _left(log: NewestRows, unread: int) -> Iterator[Remark]:
    if log.older:
        cost = exact_dollars(usd(nano_usd(log.older_sum)))
        why = f"{cost}: the newest {log.most} are taken, for all are written at once"
        yield Remark(noun="log", source="older", name=f"{log.older} older calls", notes=(why,))
    if unread:
        why = "a time or a number in them cannot be read"
        yield Remark(noun="log", source="unread", name=f"{unread} calls", notes=(why,))


@attrs.frozen
class _Owner:
    """Sources; each may be empty."""

    token: str
    person: str
    team: str


@attrs.frozen(kw_only=True)
class _LogReading:
    sources: frozenset[str]
    """Of all deployments."""
    only: Mapping[str, str]
    """Sources of deployments whose model has no other."""
    tokens: Mapping[str, MovedToken]
    """By digest."""

    @classmethod
    def of(cls, deployments: Sequence[Deployment], tokens: Sequence[MovedToken], master_key: str) -> _LogReading:
        """With what came along."""
        count = Counter(each.model_name for each in deployments)
        by_digest = {token.source: token for token in tokens}
        if MASTER in by_digest:
            by_digest |= dict.fromkeys((digest_of(master_key), MASTER_NAME), by_digest[MASTER])
        return cls(
            sources=frozenset(each.source for each in deployments),
            only={each.model_name: each.source for each in deployments if count[each.model_name] == 1},
            tokens=by_digest,
        )

    def call(self, row: Row) -> MovedCall:
        """A row as a call; raises InvalidRequest."""
        started, ended = _milliseconds(row, "startTime"), _milliseconds(row, "endTime")
        duration = max(ended - started, 0)
        first_byte = 0
        if row.get("completionStartTime"):
            first_byte = min(max(_milliseconds(row, "completionStartTime") - started, 0), duration)
        # A call that was answered as a whole has its first byte when it ends.
        streamed = 0 < first_byte < duration
        status, error = _outcome(row)
        if not streamed:
            first_byte = 0
        owner = self.owner(row)
        model = _model(row.get("model_group") or row.get("model") or "")
        return MovedCall(
            source=_source(row, started),
            started_ms=started,
            model=model,
            token=owner.token,
            token_name=row.get("alias") or "",
            person=owner.person,
            team=owner.team,
            channel=self.channel(row, model),
            channel_name=row.get("custom_llm_provider") or "",
            upstream_model=_model((row.get("model") or "").removeprefix(f"{row.get('custom_llm_provider')}/")),
            prompt_tokens=_count(row, "prompt_tokens"),
            completion_tokens=_count(row, "completion_tokens"),
            cache_read_tokens=_count(row, "read"),
            cache_write_tokens=_count(row, "written"),
            cost_nano=max(usd_in(row, "spend") or 0, 0),
            duration_ms=duration,
            first_byte_ms=first_byte,
            streamed=streamed,
            status=status,
            error_code=error,
        )

    def owner(self, row: Row) -> _Owner:
        """The token of a call and whose that is; of a key that is gone, who had it."""
        token = self.tokens.get(row.get("api_key") or "")
        if token is None:
            return _Owner("", row.get("user") or "", row.get("team_id") or "")
        return _Owner(token.source, token.person, token.team)

    def channel(self, row: Row, model: str) -> str:
        """The source of its deployment; an id that LiteLLM made up at each start says nothing, but a model may have one
        deployment alone."""
        source = row.get("model_id") or ""
        if source in self.sources:
            return source
        return self.only.get(model, "")


def _outcome(row: Row) -> tuple[int, str]:
    if row.get("status") != FAILED:
        return 200, ""
    fault = row.get("fault") or ""
    if fault.isdecimal() and 400 <= int(fault) <= 599:
        return int(fault), FAULT
    return 500, FAULT


def _count(row: Row, name: str) -> int:
    return max(whole_in(row, name) or 0, 0)


def _model(name: str) -> str:
    """What a client asked for may be anything."""
    try:
        check_model(name, "model")
    except InvalidRequest:
        return UNKNOWN
    return name


def _source(row: Row, started: int) -> str:
    """Ids are the upstreams' own: short, and in the order of time."""
    digest = hashlib.sha256((row.get("request_id") or "").encode()).hexdigest()
    return f"{started}-{digest[:16]}"


def _milliseconds(row: Row, name: str) -> int:
    """A time in UTC without a zone, in Unix milliseconds."""
    try:
        moment = datetime.fromisoformat(row.get(name) or "")
    except ValueError:
        raise InvalidRequest(f"{name}: is no time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(Decimal(str(moment.timestamp())) * 1000)
