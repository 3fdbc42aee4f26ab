"""What always holds of what people say, of duties, and of the journal. Each law returns what breaks it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from itertools import zip_longest
from typing import Any

from notifier.domain.times import iso_utc
from notifier.sandbox.core import SandboxState
from notifier.sandbox.faults import Carrier
from tests.chaos.books import CARRIER_OF, Books
from tests.chaos.crowd import Act
from tests.chaos.replay import replay
from tests.chaos.town import Shift, Town

SOURCE_OF = {Carrier.TELEGRAM: "telegram", Carrier.TWILIO: "sms"}

READ_WITHIN = timedelta(seconds=120)
"""Civil: what is stored is read this soon, a take-over included."""

GRACE = timedelta(seconds=20)
"""After which, at the latest, a living watch has seen an empty post."""

CLOSINGS = ("resolved", "cancelled")


def handed_over(acts: Sequence[Act], state: SandboxState) -> list[Act]:
    """What the carriers gave to the program and know to be taken: Telegram insists, Twilio gives up."""
    taken = {
        call.params["MessageSid"]
        for call in state.twilio.calls
        if call.kind == "inbound" and call.answer is not None and 200 <= call.answer < 300
    }
    return [act for act in acts if act.carrier is Carrier.TELEGRAM or act.provider_id in taken]


def _said(act: Act) -> tuple[str, str, str]:
    """An update's number is its bot's own, a text's sid is nobody else's."""
    bot = act.account if act.carrier is Carrier.TELEGRAM else ""
    return SOURCE_OF[act.carrier], bot, act.provider_id


def _incoming(row: Any) -> tuple[str, str, str]:
    return row.source, row.account if row.source == "telegram" else "", row.provider_id


def answers_are_heard_once(books: Books, acts: Sequence[Act], state: SandboxState) -> Iterator[str]:
    """What was handed over is on record once, and read; nobody is credited with what he did not say."""
    kept = {_incoming(row): row for row in books["inbox"]}
    for act in handed_over(acts, state):
        row = kept.get(_said(act))
        if row is None:
            yield f"{act.person}'s {act.verb} {act.provider_id} was taken and is not on record"
    said = set(map(_said, acts))
    for row in books["inbox"]:
        if row.state != "done" or row.tries:
            yield f"incoming {row.id} ({row.source}) is {row.state} after {row.tries} failures: {row.error}"
        if row.source != "receipt" and _incoming(row) not in said:
            yield f"incoming {row.id} ({row.source}) was said by nobody"
    told = Counter(line.reason for line in books["journal"])
    for act in acts:
        if act.words and told[act.words] > 1:
            yield f"{act.person}'s words {act.provider_id} are in the journal {told[act.words]} times"


def answers_have_effect(books: Books, acts: Sequence[Act], state: SandboxState) -> Iterator[str]:
    """Who took a case that nobody had then has it: the journal tells of that, or why not."""
    messages = {(CARRIER_OF[row.channel], row.account, row.provider_id): row for row in books["messages"]}
    received = {_incoming(row): row.received_at for row in books["inbox"]}
    journal = books.journal_of()
    for act in handed_over(acts, state):
        message = messages.get((act.carrier, act.account, act.ref))
        heard = received.get(_said(act))
        if act.verb != "ack" or message is None or message.case is None or heard is None:
            continue
        lines = journal[message.case]
        explained = any(
            line.event == "acknowledged" or (line.event in CLOSINGS and line.at <= heard + READ_WITHIN)
            for line in lines
        )
        if not explained:
            yield f"{act.person} took case {message.case} ({act.provider_id}), and no journal tells of it"


def the_journal_tells_the_state(books: Books) -> Iterator[str]:
    """Every case stands as its journal tells, and nothing in that journal contradicts itself."""
    journal = books.journal_of()
    for case in books["cases"]:
        told = replay(journal[case.id])
        if (told.state, told.holder) != (case.state, case.holder):
            yield (
                f"case {case.id} is {case.state}, held by {case.holder}; by its journal it is {told.state},"
                f" held by {told.holder}"
            )
        yield from (f"case {case.id}: {wrong}" for wrong in told.wrong)
    known = {case.id for case in books["cases"]}
    yield from (f"the journal knows a case {number} that is not there" for number in journal.keys() - known)


def every_shift_was_seen_to(books: Books, town: Town) -> Iterator[str]:
    """A shift ended once; until then its post was kept, or somebody was called, as far as anything ran."""
    told: dict[str, list[Any]] = defaultdict(list)
    for line in books["journal"]:
        if line.subject:
            told[line.subject].append(line)
    ends = {_key(shift): shift.end for shift in town.shifts}
    # An end that fell due after an empty post did, and was seen to, says that the watch had come that far.
    watched = [(ends[line.subject], line.at) for line in books["journal"] if line.event == "shift_over"]
    cared_for = {row.shift for row in books["presences"]} | {row.subject for row in books["cases"]}
    for shift in town.shifts:
        key = _key(shift)
        endings = sum(line.event == "shift_over" for line in told[key])
        if endings != 1:
            yield f"shift {key} ended {endings} times"
        awake = any(shift.start + GRACE < due and at < shift.end for due, at in watched)
        # Who has come early for a later shift stands there, too; not who should have gone long ago.
        kept = any(
            row.post == shift.post and row.since < shift.end and ends.get(row.shift, shift.end) > shift.start
            for row in books["presences"]
        )
        if awake and not kept and key not in cared_for:
            yield f"shift {key} was empty, and nobody was called"


def _key(shift: Shift) -> str:
    return f"{shift.post} {iso_utc(shift.start)}"


def nothing_failed(books: Books) -> Iterator[str]:
    """No deadline was given up."""
    for timer in books["timers"]:
        if timer.state == "failed" or timer.tries:
            yield f"timer {timer.id} ({timer.kind}) is {timer.state} after {timer.tries} failures"


def everybody_was_commended(books: Books, audience: Collection[str]) -> Iterator[str]:
    """Each broadcast has one message for everybody meant, and his copy on the other channel at the most."""
    for broadcast in books["broadcasts"]:
        rows = [r for r in books["messages"] if r.broadcast == broadcast.id and r.template == broadcast.kind]
        meant = Counter((row.person, row.channel) for row in rows)
        if missing := set(audience) - {person for person, _ in meant}:
            yield f"broadcast {broadcast.id} has no message for {sorted(missing)[:10]}"
        if twice := [person for person, times in meant.items() if times > 1]:
            yield f"broadcast {broadcast.id} has two messages for {twice[:10]}"


STILL = ("answers", "presences", "inbox", "relays", "sheets", "broadcasts")
"""Tables in which nothing may move when all that came in comes again."""

SETTLED = (
    "id",
    "key",
    "state",
    "repeated",
    "attempts",
    "provider_id",
    "sent_at",
    "delivered_at",
    "answered_at",
)
TIMELY = frozenset({"called", "repeated", "lapsed", "exhausted", "passed_over", "told", "alarm"})
"""What only time brings about, were a case to be left open."""


def an_echo_changes_nothing(before: Books, after: Books) -> Iterator[str]:
    """Every update, text and receipt has come once more, in another order."""
    for table in STILL:
        for was, row in zip_longest(before[table], after[table]):
            if was != row:
                yield f"{table} changed by what had come before: {was} is {row}"
    known = {row.id for row in before["messages"]}
    settled = {row.id: _settled(row) for row in before["messages"]}
    for row in after["messages"]:
        if row.id not in known and row.key.startswith("answer:"):
            yield f"message {row.id} answers what was answered before"
        if row.id in known and _settled(row) != settled[row.id]:
            yield f"message {row.id} went from {settled[row.id]} to {_settled(row)}"
    newer = [line for line in after["journal"][len(before["journal"]) :] if line.event not in TIMELY]
    if list(after["journal"][: len(before["journal"])]) != list(before["journal"]):
        yield "the journal was rewritten"
    yield from (f"the journal gained {line.event} of {line.person}" for line in newer)


def _settled(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in SETTLED)
