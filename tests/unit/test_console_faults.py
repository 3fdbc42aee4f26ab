"""Why messages failed, in words with a mend; and that whatever the desk's pages name has its words."""

import pytest

from notifier.domain.message import Lane, MessageState
from notifier.domain.policy import Kind, Signers
from notifier.domain.roster import ChannelName
from notifier.engine.console.deliveries import Fault, fault_of, without_numbers
from notifier.engine.console.settings_view import SPANS
from notifier.web.console.deliveries import SPANS as DAYS
from notifier.web.console.words import LOCALES, Words

NAMES = Words.load()
SMS, TELEGRAM = ChannelName.SMS, ChannelName.TELEGRAM


@pytest.mark.parametrize(
    ("channel", "code", "fault"),
    [
        (SMS, "21610", Fault.STOPPED),
        (SMS, "21211", Fault.WRONG_NUMBER),
        (SMS, "30006", Fault.WRONG_NUMBER),
        (SMS, "30007", Fault.FILTERED),
        (SMS, "30003", Fault.NOT_REACHED),
        (SMS, "20003", Fault.SENDER),
        (SMS, "21606", Fault.SENDER),
        (SMS, "12345", Fault.OTHER),
        (SMS, "http_400", Fault.OTHER),
        (SMS, "²", Fault.OTHER),
        (SMS, None, Fault.OTHER),
        (SMS, "no_contact", Fault.NO_CONTACT),
        (TELEGRAM, "no_contact", Fault.NO_CONTACT),
        (TELEGRAM, "blocked", Fault.BLOCKED),
        (TELEGRAM, "deactivated", Fault.BLOCKED),
        (TELEGRAM, "chat_not_found", Fault.NEVER_STARTED),
        (TELEGRAM, "too_long", Fault.TOO_LONG),
        (TELEGRAM, "bad_request", Fault.OTHER),
        (TELEGRAM, "21610", Fault.OTHER),
        (TELEGRAM, None, Fault.OTHER),
    ],
)
def test_what_a_code_comes_down_to(channel: ChannelName, code: str | None, fault: Fault) -> None:
    assert fault_of(channel, code) is fault


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("打郑秀英13800100014", "打郑秀英138****0014"),
        ("account:sms:+15005550006", "account:sms:+15****0006"),
        ("827 签828 除3,5", "827 签828 除3,5"),
        ("2026-11-23 20:00", "2026-11-23 20:00"),
        ("", ""),
        (None, None),
    ],
)
def test_no_number_is_shown_in_full(text: str | None, shown: str | None) -> None:
    assert without_numbers(text) == shown


@pytest.mark.parametrize("locale", LOCALES)
def test_whatever_the_pages_name_has_words(locale: str) -> None:
    wanted = {f"deliveries.{part}_{fault}" for fault in Fault for part in ("fault", "mend")}
    wanted |= {f"deliveries.state_{state}" for state in MessageState}
    wanted |= {
        f"deliveries.{part}_{lost}" for lost in ("stopped", "blocked", "wrong") for part in ("lost", "back")
    }
    wanted |= {f"deliveries.days_{days}" for days in DAYS}
    wanted |= {f"wall.lane_{lane.name.lower()}" for lane in Lane}
    wanted |= {f"settings.kind_{kind}" for kind in Kind}
    wanted |= {f"settings.{name}" for names in SPANS.values() for name in names}
    wanted |= {f"settings.signers_{who}" for who in Signers}
    wanted |= {f"settings.state_{state}" for state in ("ok", "trouble", "off")}
    assert wanted - NAMES.names(locale) == set()
