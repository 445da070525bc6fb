"""What a voice may be asked to be."""

from datetime import UTC, date, datetime

import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.voice import Consent
from s2v_gateway.voices.rules import check_transcript, consent_given

NOW = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)


def test_consent_is_kept_as_it_was_stated() -> None:
    assert consent_given(" Anna agreed. ", "2026-11-01", NOW) == Consent(
        "Anna agreed.", date(2026, 11, 1)
    )


@pytest.mark.parametrize("day", ["2026-11-28", "2026-11-29", "2024-02-29", "1999-12-31"])
def test_consent_may_be_of_today_wherever_that_is(day: str) -> None:
    assert str(consent_given("She agreed.", day, NOW).date) == day


@pytest.mark.parametrize(
    "day",
    [
        "2026-11-30",
        "9999-01-01",
        "",
        "today",
        "28.11.2026",
        "20261128",
        "2025-02-29",
        "\N{FULLWIDTH DIGIT TWO}026-01-01",
    ],
)
def test_consent_of_no_day_or_of_one_to_come_is_none(day: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        consent_given("She agreed.", day, NOW)
    assert caught.value.reason is Reason.CONSENT_MISSING
    assert caught.value.field == "voice.consent.date"


def test_what_nobody_can_say_in_the_time_is_no_transcript() -> None:
    check_transcript("a" * 90, 2.0)
    with pytest.raises(InvalidInput) as caught:
        check_transcript("a" * 91, 2.0)
    assert caught.value.field == "voice.transcript"
    assert "91 letters" in caught.value.message
