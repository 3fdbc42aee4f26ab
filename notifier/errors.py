"""Every error the program raises on purpose.

NotifierError
├── InputError            what a person or a file gave is wrong: one clear line, with the mend
│   ├── SettingError      an environment variable
│   └── FileRefused       a roster or settings file; carries one Finding a bad place
├── NotFound              an id that names nothing
├── NotAllowed            who asks may not see or do that; the same whether or not there is such a thing
├── Conflict              the record changed under us; load again and decide again
├── LeaseLost             another process owns the account or loop now; stop at once
└── CarrierError          a carrier did not take a call; carries the verdict
"""

from dataclasses import dataclass
from enum import StrEnum


class NotifierError(Exception):
    """Root of the tree."""


class InputError(NotifierError):
    """Bad input. ``str(error)`` is one line that names what is wrong and the mend."""


class SettingError(InputError):
    """A missing, malformed or contradictory setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One bad place in a file. ``line`` counts from 1, the header included; 0 is the file as a whole."""

    file: str
    line: int
    column: str
    problem: str
    mend: str

    def __str__(self) -> str:
        """One line: ``people.csv:4 phone: '12x' is no phone number; write all its digits``."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        column = f" {self.column}" if self.column else ""
        return f"{where}{column}: {self.problem}; {self.mend}"


class FileRefused(InputError):
    """Files that cannot be taken, whole: nothing of them is in force."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        """Keep every finding; the message is one line a finding, then the count."""
        self.findings = findings
        lines = [str(finding) for finding in findings]
        super().__init__("\n".join([*lines, f"{len(findings)} error(s); nothing was changed"]))


class NotFound(NotifierError):
    """An id that names nothing."""


class NotAllowed(NotifierError):
    """Who asks may not see or do that. Never tells whether there is such a thing."""


class Conflict(NotifierError):
    """A record changed between loading and writing."""


class LeaseLost(NotifierError):
    """The lease this work was done under belongs to somebody else now."""


class Verdict(StrEnum):
    """What a failed call to a carrier means for the message."""

    NOT_SENT = "not_sent"
    """It never went out: safe to try again."""
    REFUSED = "refused"
    """Refused for good: this message will never go this way."""
    STOP_CONTACT = "stop_contact"
    """Refused for good, and so will everything be that goes to this contact."""
    SLOW_DOWN = "slow_down"
    """Not taken now; the whole account waits ``retry_after``."""
    UNKNOWN = "unknown"
    """It may or may not have been taken."""


class CarrierError(NotifierError):
    """A carrier did not take a call.

    ``code`` is the carrier's own, as text, or one of ours (``connect``, ``timeout``, ``http_502``).
    ``retry_after`` is in seconds, with SLOW_DOWN only. ``alarm`` marks what an operator must mend
    (a revoked token, a second poller). The message never holds an address or a text.
    """

    def __init__(self, verdict: Verdict, code: str, *, retry_after: float = 0.0, alarm: bool = False) -> None:
        """Build from the carrier's verdict and code."""
        super().__init__(f"{verdict}: {code}")
        self.verdict = verdict
        self.code = code
        self.retry_after = retry_after
        self.alarm = alarm
