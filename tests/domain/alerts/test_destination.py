"""What can be a destination, what of it may be seen, and when it is quiet."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from aihub_lite.domain.alerts.destination import AlertDestination, checked_destination, target_of
from aihub_lite.domain.alerts.quiet import QuietHours
from aihub_lite.domain.overrides import Secret
from aihub_lite.errors import InvalidRequest

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = AlertDestination(id="alt_1", name="ops", url=Secret("https://example.org/x"), created_at=0)


@pytest.mark.parametrize(
    ("url", "service", "shown"),
    [
        ("https://example.org/hook/s3cret?k=s3cret", "webhook", "https://example.org/…"),
        ("https://hooks.slack.com/services/T/B/s3cret", "slack", "https://hooks.slack.com/…"),
        ("https://discord.com/api/webhooks/1/s3cret", "discord", "https://discord.com/…"),
        ("https://s3cret@ntfy.sh/s3cret", "ntfy", "https://ntfy.sh/…"),
        ("ntfy+https://ann:s3cret@ntfy.lan:8443/s3cret", "ntfy", "https://ntfy.lan:8443/…"),
        ("https://api.telegram.org/bots3cret/sendMessage?chat_id=1", "telegram", "https://api.telegram.org/…"),
        ("mailto://ann:s3cret@example.org", "apprise", "mailto://…"),
        ("env:HOOK", "", "env:HOOK"),
    ],
)
def test_an_address_is_known_by_its_form_and_shown_without_its_secrets(url: str, service: str, shown: str) -> None:
    destination = checked_destination(attrs.evolve(PLAIN, url=Secret(url)))
    assert shown == destination.shown_url
    assert "s3cret" not in repr(destination)
    if service:
        assert service == target_of(url).service
        assert "s3cret" not in repr(target_of(url))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/hook",
        "https://",
        "https://example.org:port/x",
        "https://example.org/\nx",
        "https://api.telegram.org/bot1/sendMessage",
        "https://ntfy.sh/",
        "env:",
        "env:no name",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked_destination(attrs.evolve(PLAIN, url=Secret(url)))
    assert refused.value.message.startswith("url: ")
    assert "example" not in refused.value.message


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http://metadata.google.internal./computeMetadata/v1/",
        "slack+http://user@169.254.170.2/x",
        "json://169.254.169.254/x",
    ],
)
def test_what_hands_out_a_clouds_credentials_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest, match="not asked"):
        checked_destination(attrs.evolve(PLAIN, url=Secret(url)))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"topics": ("keys",)}, "events: 'keys' is none; there are key, channel"),
        ({"secret": Secret("short")}, "secret: "),
        ({"quiet": "22-07"}, "quiet: '22-07' is no span"),
        ({"quiet": "22:00-07:00@Europe/Atlantis"}, "quiet: 'Europe/Atlantis' is not a time zone"),
        ({"quiet": "22:00-07:00@../../etc/passwd"}, "is not a time zone"),
        ({"name": ""}, "name"),
    ],
)
def test_other_fields_are_refused_by_their_names(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked_destination(attrs.evolve(PLAIN, **changes))
    assert text in refused.value.message


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", "2026-01-05T21:59", None),
        ("22:00-07:00", "2026-01-05T22:00", "2026-01-06T07:00"),
        ("22:00-07:00", "2026-01-06T06:59", "2026-01-06T07:00"),
        ("22:00-07:00", "2026-01-06T07:00", None),
        ("12:00-13:30", "2026-01-05T12:30", "2026-01-05T13:30"),
        ("12:00-13:30", "2026-01-05T13:30", None),
        ("22:00-07:00", "2026-03-28T23:00", "2026-03-29T07:00"),
        ("22:00-07:00", "2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall_there(hours: str, now: str, until: str | None) -> None:
    """Nights of a clock change have 8 and 10 hours."""
    quiet = QuietHours.of(f"{hours}@Europe/Berlin")
    assert (None if until is None else at(until)) == quiet.until(at(now))
    assert f"{hours}@Europe/Berlin" == quiet.text


def test_an_hour_that_the_clocks_show_twice_is_quiet_until_an_end_that_is_to_come() -> None:
    quiet = QuietHours.of("00:00-02:30@Europe/Berlin")
    second = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=BERLIN).timestamp()
    assert datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN).timestamp() == quiet.until(second)
