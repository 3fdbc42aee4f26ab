"""Where SMS goes one way only: countries whose people cannot answer a text of the provider's."""

from collections.abc import Mapping
from typing import Final

ONE_WAY: Final[Mapping[str, str]] = {
    "+20": "EG",
    "+213": "DZ",
    "+239": "ST",
    "+243": "CD",
    "+244": "AO",
    "+374": "AM",
    "+509": "HT",
    "+670": "TL",
    "+675": "PG",
    "+676": "TO",
    "+677": "SB",
    "+688": "TV",
    "+84": "VN",
    "+86": "CN",
    "+880": "BD",
    "+886": "TW",
    "+91": "IN",
    "+966": "SA",
    "+968": "OM",
    "+970": "PS",
    "+971": "AE",
    "+977": "NP",
}
"""Dialling prefix to ISO code, where Twilio's public SMS guidelines say "Two-way SMS supported: No".

Not complete: only what was looked up. NOTIFIER_SMS_REPLIES overrules it.
"""
_LONGEST = max(map(len, ONE_WAY))


def can_reply(e164: str) -> bool:
    """Whether somebody with this number can answer by SMS, as far as the table knows."""
    # Country codes are prefix-free, so the first hit is the only one.
    return not any(e164[:length] in ONE_WAY for length in range(2, _LONGEST + 1))
