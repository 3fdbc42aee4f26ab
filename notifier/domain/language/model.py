"""The values between a person's words and the program's rules.

``parse(text) -> Utterance`` reads the words alone; ``interpret(utterance, open matters) -> Reading``
holds them against what is open for the sender. Both are pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from notifier.domain.ids import MatterId
from notifier.domain.times import SpokenDay


class Verb(StrEnum):
    """What a person says he does, or wants; one per text."""

    ACK = "ack"
    HERE = "here"
    NOT_HERE = "not_here"
    OFF = "off"
    DECLINE = "decline"
    LEAVE = "leave"
    AGREE = "agree"
    REFUSE = "refuse"
    ETA = "eta"
    SIGN = "sign"
    WONT_SIGN = "wont_sign"
    NOT_DONE = "not_done"
    VERIFY = "verify"
    RETURN = "return"
    RELAYED = "relayed"
    PROXY = "proxy"
    SIGN_FOR = "sign_for"
    HAND_ON = "hand_on"
    TAKE_OVER = "take_over"
    HAND_OVER = "hand_over"
    COVER = "cover"
    SWAP = "swap"
    STAND_IN = "stand_in"
    WITHDRAW = "withdraw"
    APPOINT = "appoint"
    END_ACTING = "end_acting"
    LATER = "later"
    SORTED = "sorted"
    CLAIM = "claim"
    UNDO = "undo"
    LIST = "list"
    INFO = "info"
    HELP = "help"
    LANGUAGE = "language"
    VOUCHER = "voucher"
    STOP = "stop"
    START = "start"
    WRONG_NUMBER = "wrong_number"
    SOMEONE_ELSE = "someone_else"
    NOT_RECEIVED = "not_received"
    NEED = "need"
    DANGER = "danger"
    NUMBER_ONLY = "number_only"
    UNKNOWN = "unknown"


BINDING = frozenset(
    {
        Verb.SIGN,
        Verb.VERIFY,
        Verb.RETURN,
        Verb.RELAYED,
        Verb.PROXY,
        Verb.SIGN_FOR,
        Verb.AGREE,
        Verb.REFUSE,
        Verb.APPOINT,
        Verb.END_ACTING,
    }
)
"""Verbs that bind somebody: never taken from loose words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One text, read without knowing what is open.

    ``strict`` is true when a binding verb was said in its exact word, false when the text only seems to
    mean it. ``numbers`` are three- and four-digit numbers that may name a matter, in text order;
    ``counts`` are all other whole numbers. ``text`` is the normalised text. ``excepting`` is true when
    the text names exceptions by an explicit 除 / except: the one way in which a negation may sign.
    ``takes``: an ETA was said together with 收到. ``clock``: at what civil time it is said to have been.
    ``day``: the last day on which something is to hold.
    ``every``: said of everything in a list, 全部收到.
    """

    verb: Verb
    text: str
    strict: bool = True
    numbers: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    items: tuple[int, ...] = ()
    minutes: int | None = None
    name: str | None = None
    reason: str | None = None
    language: str | None = None
    negated: bool = False
    question: bool = False
    excepting: bool = False
    takes: bool = False
    clock: time | None = None
    day: SpokenDay | None = None
    every: bool = False


class MatterKind(StrEnum):
    """What a matter asks of its person."""

    REMINDER = "reminder"
    CALL = "call"
    LIST = "list"
    VERIFY = "verify"
    RELAY = "relay"
    CLAIM = "claim"
    NOTICE = "notice"
    DESK = "desk"
    PROPOSAL = "proposal"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMatter:
    """A matter that is open towards the sender, with the verbs that can answer it at this moment.

    ``rostered``: the sender is on the shift's roster. ``members``: how many a relay is to reach.
    ``asks``: whether it asks for anything (a commendation asks for nothing and never counts as open).
    ``early``: HERE is known but its window has not opened yet.
    """

    id: MatterId
    number: int
    kind: MatterKind
    answers: frozenset[Verb]
    rostered: bool = False
    members: int | None = None
    asks: bool = True
    early: bool = False
    items: int = 0


class Question(StrEnum):
    """What is asked back, each with a text of its own."""

    WHICH_MATTER = "which_matter"
    NUMBER_OR_QUOTE = "number_or_quote"
    SIGN_ALL = "sign_all"
    SIGN_EXCEPT = "sign_except"
    HOW_TO_ANSWER = "how_to_answer"
    HOW_LONG = "how_long"
    TOO_EARLY = "too_early"
    CONFIRM_OFF = "confirm_off"
    RETURN_REASON = "return_reason"
    RETURN_OR_STOP = "return_or_stop"
    HOW_MANY = "how_many"
    MORE_THAN_MEMBERS = "more_than_members"
    WHO_IS_ON_POST = "who_is_on_post"
    WHICH_PERSON = "which_person"
    VERIFY_OR_RETURN = "verify_or_return"
    STOP_FOR_GOOD = "stop_for_good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The text is taken: ``verb`` done to ``matter`` (None for verbs that need none, such as HELP).

    ``number`` is the closed matter that an UNDO, CLAIM, WRONG_NUMBER or SOMEONE_ELSE named; with a SWAP or
    STAND_IN it is the other's own number of his shift.
    """

    verb: Verb
    matter: MatterId | None = None
    minutes: int | None = None
    count: int | None = None
    items: tuple[int, ...] = ()
    name: str | None = None
    reason: str | None = None
    language: str | None = None
    number: int | None = None
    takes: bool = False
    clock: time | None = None
    day: SpokenDay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskBack:
    """The text is not taken; the sender is asked. Nothing is changed."""

    question: Question
    matters: tuple[MatterId, ...] = ()
    items: tuple[int, ...] = ()
    count: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """The text names or means a matter that this word can no longer answer: say how it stands.

    ``matter`` is set when a message was quoted whose matter is closed; its number is then not known here (0).
    """

    number: int
    matter: MatterId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Not understood while something is open: goes on word for word, and the sender is told so."""

    matter: MatterId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingOpen:
    """Not understood, or an answer to nothing, with nothing open: a plain answer, capped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A thank-you for something that asks nothing: no answer, not counted as not understood."""


Reading = Answer | AskBack | Stale | Forward | NothingOpen | Silence
"""What a text means for the program; a closed union."""

Matters = Sequence[OpenMatter]
