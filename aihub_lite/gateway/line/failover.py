"""Walks the route until one channel gives first real content: failover happens here and nowhere else."""

from __future__ import annotations

import asyncio
import logging

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Clocks
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.usage import Attempt
from aihub_lite.errors import ChannelsCoolingDown, GatewayError, UpstreamFault, UpstreamRejected
from aihub_lite.gateway.adapters.adapter import AttemptContext
from aihub_lite.gateway.adapters.overridden import with_more_prompt
from aihub_lite.gateway.adapters.refused_betas import RefusedBetas
from aihub_lite.gateway.adapters.surface import AnySurface
from aihub_lite.gateway.line.attempt import Deadlines, UpstreamAttempt, deadlines
from aihub_lite.gateway.line.streaming import StreamedAnswer
from aihub_lite.gateway.refusals.texts import kept_code
from aihub_lite.gateway.routing.account_limits import AccountLimits
from aihub_lite.gateway.routing.affinity import Affinity
from aihub_lite.gateway.routing.classify import verdict
from aihub_lite.gateway.routing.fair_queue import FairQueue
from aihub_lite.gateway.routing.fault_policy import POLICY, AttemptFailed
from aihub_lite.gateway.routing.health import Health
from aihub_lite.gateway.routing.key_rests import SPENT
from aihub_lite.gateway.routing.retry_budget import RetryBudgets
from aihub_lite.gateway.routing.route import Route
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.gateway.routing.walk import Walk
from aihub_lite.gateway.state.channels import KeySwitch
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.upstream.transport import Transport
from aihub_lite.wire.overrides import added_tokens
from aihub_lite.wire.protocols import Answer, Request

log = logging.getLogger(__name__)

PAUSE = (0.05, 0.25)
"""Seconds, from and to, before the same channel is tried again."""


@attrs.define(eq=False)
class Failover:
    """Makes attempts until one gives an answer, and remembers what they tell of channels and keys."""

    live_settings: LiveSettings
    clock: Clock
    transport: Transport
    health: Health
    limits: AccountLimits
    queue: FairQueue
    keys: KeySwitch
    clocks: dict[Clocks, Deadlines] = attrs.field(factory=dict)
    """The clocks in force, by a channel's own."""
    affinity: Affinity = attrs.field(factory=Affinity)
    refused_betas: RefusedBetas = attrs.field(factory=RefusedBetas)
    retries: RetryBudgets = attrs.field(default=attrs.Factory(lambda self: RetryBudgets(self.clock), takes_self=True))
    lingering: set[asyncio.Task[None]] = attrs.field(factory=set)
    """Finished answers whose transfer is still to end."""

    @property
    def settings(self) -> Settings:
        """Those in force at this moment."""
        return self.live_settings.now

    def context(self, flight: Flight) -> AttemptContext:
        """What the attempts of one exchange share, before the first of them."""
        strict = self.settings.strict
        context = AttemptContext(flight.request_id, self.clock, self.affinity, strict, refused_betas=self.refused_betas)
        context.traceparent = flight.traceparent
        return context

    async def first_lane(self, flight: Flight, surface: AnySurface, request: Request, route: Route | Walk) -> Lane:
        """The lane to begin with, which may have to be waited for; raises what to tell the client where there is none.

        What it has of its account's limits is given back when the flight is settled.
        """
        if self.affinity:
            route.prefer(surface.origin(request, route.lanes, self.affinity))
        try:
            if self.settings.queue_timeout:
                lane = await self.queue.lane(route, flight)
            else:
                lane = route.next()
        except GatewayError:
            flight.pass_over(route.kept_out(None, self.queue.spoken_for))
            raise
        flight.reserved = route.reserved
        if route.some_out:
            flight.pass_over(route.kept_out(lane, self.queue.spoken_for))
        return lane

    async def open(
        self,
        flight: Flight,
        surface: AnySurface,
        request: Request,
        route: Route | Walk,
        context: AttemptContext,
        lane: Lane,
    ) -> StreamedAnswer | Answer:
        """The answer of the first channel that gives one, from `lane` on; raises the error to tell the client."""
        failures: list[AttemptFailed] = []
        tries = self.retries.of_request(flight.model)
        while True:
            attempt = self._attempt(surface, request, lane, context)
            left = self.settings.max_attempts - len(failures) - 1
            if flight.route:
                attempt.patience = route.patience
                attempt.may_be_withheld = left < 1 or not route.has_other_policy
            answer = await self._try(attempt, flight)
            context.again = True
            route.ordering.ended(lane.candidate, flight.attempts[-1])
            if not isinstance(answer, AttemptFailed):
                tries.answered(lane.channel_id)
                return answer
            policy = POLICY[answer.fault]
            if policy.rephrase and not flight.abandoned:
                route.reserve(lane)
                flight.reserved = route.reserved
                continue
            failures.append(answer)
            following = None
            if left > 0 and not flight.abandoned:
                following = await self._following(flight, route, lane, answer, is_last=left == 1)
                flight.reserved = route.reserved
            if route.some_out and not route.over:
                flight.pass_over(route.kept_out(following, self.queue.spoken_for))
            if following is None or not tries.may_go_on(following.channel_id, counted=policy.harms_channel):
                raise self._verdict(failures, request, route)
            if following is lane:
                await asyncio.sleep(route.router.random.uniform(*PAUSE))
            lane = following

    async def _following(
        self, flight: Flight, route: Route | Walk, lane: Lane, failure: AttemptFailed, *, is_last: bool
    ) -> Lane | None:
        """The lane to go on with after an attempt that failed; None where the request ends with it.

        Another one that is free; else the same once more, where the fault may have passed; else one that is full now,
        as soon as it is not; else the same yet again. The last attempt is rather for one that is full.
        """
        waits = bool(self.settings.queue_timeout)
        following = route.after(lane, failure, self.queue.spoken_for, waits=waits)
        if following is not None or route.over:
            return following
        if not (waits and is_last) and route.again(lane, failure, once=waits):
            return lane
        if waits:
            following = await self.queue.lane_again(route, flight)
        if following is None and route.again(lane, failure):
            return lane
        return following

    def _verdict(self, failures: list[AttemptFailed], request: Request, route: Route | Walk) -> GatewayError:
        """What to tell the client; where a channel waits after a 429 beside dead ones, also when to come back."""
        error = verdict(failures, request.model)
        if isinstance(error, ChannelsCoolingDown) and (wait := route.rate_limit_wait()) is not None:
            return ChannelsCoolingDown(request.model, wait)  # time has passed where the request waited
        if isinstance(error, UpstreamFault) and not isinstance(error, UpstreamRejected):
            error.retry_after = route.rate_limit_wait()
        return error

    def completed(self, flight: Flight) -> None:
        """An answer was passed on to its end: earlier faults of its channel are forgiven."""
        if flight.candidate is not None:
            self.health.succeeded(flight.candidate.channel.id)

    def broke_off(self, flight: Flight, error: GatewayError) -> None:
        """An answer ended early. A fault of the upstream's after the first content counts as one before it would."""
        upstream_fault = isinstance(error, UpstreamFault) and not isinstance(error, UpstreamRejected)
        if upstream_fault and flight.relayed is not None and flight.candidate is not None:
            self.health.failed(flight.candidate.channel.id, "cut")

    async def close(self) -> None:
        """End what still lingers."""
        for task in self.lingering:
            task.cancel()
        await asyncio.gather(*self.lingering, return_exceptions=True)

    def _attempt(self, surface: AnySurface, request: Request, lane: Lane, context: AttemptContext) -> UpstreamAttempt:
        overrides = lane.candidate.channel.overrides
        if overrides is not None:
            request = with_more_prompt(request, added_tokens(overrides, surface.name))
        own = lane.candidate.channel.clocks
        clocks = self.clocks.get(own)
        if clocks is None:
            clocks = self.clocks[own] = deadlines(own, self.settings)
        return UpstreamAttempt(
            surface=surface,
            request=request,
            lane=lane,
            adapter=surface.adapter(request, lane, context),
            context=context,
            settings=self.settings,
            deadlines=clocks,
            transport=self.transport.by(lane.candidate.channel.way_out),
            lingering=self.lingering,
        )

    async def _try(self, attempt: UpstreamAttempt, flight: Flight) -> StreamedAnswer | Answer | AttemptFailed:
        """One attempt with everything it teaches; a failure is returned, for the loop to judge."""
        flight.candidate = attempt.lane.candidate
        attempt.context.stream = None
        channel = attempt.lane.candidate.channel
        began = self.clock.monotonic()
        probe = self.health.started(channel.id)
        rest = self.health.rests.started(attempt.lane.account)
        status = 0
        code = ""
        fault = "cut_short"  # unless the attempt ends by itself: cancelled, say, as the client left
        try:
            answer = await attempt.open()
        except AttemptFailed as failure:
            if failure.fault == "nonsense" and not attempt.surface.everywhere:
                # A web page, say, at a path that the upstream does not have: nothing is wrong with its chat.
                failure.fault = "unsuited"
            attempt.context.parcel.sent = False
            status = failure.status
            fault = failure.fault
            code = kept_code(failure.code)
            self._learn(flight, attempt.lane, failure)
            if flight.reserved is not None:
                flight.reserved.settle()
            return failure
        else:
            status = 200
            fault = ""
            self.health.answered(channel.id)
            if rest is not None and self.health.rests.end(attempt.lane.account):
                self.keys.enable(channel, attempt.lane.key_id)
            return answer
        finally:
            self.health.ended(channel.id, probe)
            if rest is not None:
                rest.probing = False
            # A whole answer is settled in the same turn of the loop, which says it too.
            if flight.reserved is not None and attempt.streams:
                flight.reserved.answered()
            # Of a model that is not there an upstream has no limits, whatever it says of others'.
            if channel.learn == "on" and attempt.told is not None and fault != "model":
                self.limits.learn(attempt.lane.place, attempt.told, flight.reserved)
            flight.attempts.append(self._entry(attempt, flight, began, status, fault, code))

    def _entry(
        self, attempt: UpstreamAttempt, flight: Flight, began: float, status: int, fault: str, code: str
    ) -> Attempt:
        """What is kept of an attempt that has just ended."""
        model = ""
        if flight.route:
            model = flight.model
        head_ms = 0
        if attempt.head:
            head_ms = round((attempt.head - began) * 1000)
        return Attempt(
            attempt.lane.candidate.channel.name,
            status,
            fault,
            round((self.clock.monotonic() - began) * 1000),
            model,
            code,
            round((began - flight.started) * 1000),
            round(attempt.context.parcel.connecting * 1000),
            head_ms,
        )

    def _learn(self, flight: Flight, lane: Lane, failure: AttemptFailed) -> None:
        channel = lane.candidate.channel
        policy = POLICY[failure.fault]
        log.info("%s: channel %s failed: %s %s", flight.request_id, channel.name, failure.fault, failure.status or "")
        if policy.harms_channel:
            self.retries.failed(channel.id)
            self.health.failed(channel.id, failure.fault)
        if failure.fault == "rate":
            # Where the upstream did not say for how long, the client is told how long the key rests.
            failure.retry_after = self.health.rate_limit(channel.id, lane.key_id, failure.retry_after)
        refused = f"the upstream refused it with HTTP status {failure.status}"
        if policy.disables_key:
            self.health.refuse_key(channel.id, lane.key_id)
            self.health.rests.end(lane.account)
            self.keys.disable(channel, lane.key_id, refused)
        if policy.rests_key and lane.secret:
            reason = refused
            if failure.fault == "funds":
                reason = SPENT
            if (rest := self.health.rests.begin(lane.account, reason)) is not None:
                self.keys.rest(channel, lane.key_id, reason, rest.until, rest.times)
