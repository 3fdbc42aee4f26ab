"""The engine's parts, wired once: every kind of duty with the station it works at."""

from dataclasses import dataclass

from notifier.domain.policy import Kind
from notifier.engine.access.granting import Granting
from notifier.engine.access.sessions import Sessions
from notifier.engine.access.sign_in import SigningIn
from notifier.engine.access.tokens import Tokens
from notifier.engine.aftermath import Aftermath
from notifier.engine.arrivals import Arrivals
from notifier.engine.broadcasts import Broadcasts
from notifier.engine.cases import Cases
from notifier.engine.contacts_lost import ContactsLost
from notifier.engine.cover_letters import CoverLetters
from notifier.engine.covering import Covering
from notifier.engine.desk_passing import DeskPassing
from notifier.engine.digests import Digests
from notifier.engine.exchange_letters import ExchangeLetters
from notifier.engine.exchanges import Exchanges
from notifier.engine.handover import Handover
from notifier.engine.letters import Letters
from notifier.engine.office_letters import OfficeLetters
from notifier.engine.office_passing import OfficePassing
from notifier.engine.offices import Offices
from notifier.engine.pausing import Pausing
from notifier.engine.planner import Planner
from notifier.engine.punctuality import Punctuality
from notifier.engine.relays import Relays
from notifier.engine.relief import Relief
from notifier.engine.seats import Seats
from notifier.engine.sheet_cases import SheetCases
from notifier.engine.sheets import Sheets
from notifier.engine.shift_changes import ShiftChanges
from notifier.engine.shift_ends import ShiftEnds
from notifier.engine.shifts import Shifts
from notifier.engine.silence import Silence
from notifier.engine.stand_ins import StandIns
from notifier.engine.station import Station
from notifier.engine.subjects import Subjects
from notifier.engine.webhooks import Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What commands, loops and pages work with."""

    station: Station
    letters: Letters
    cases: Cases
    shifts: Shifts
    arrivals: Arrivals
    relief: Relief
    shift_changes: ShiftChanges
    sheets: Sheets
    sheet_cases: SheetCases
    broadcasts: Broadcasts
    relays: Relays
    offices: Offices
    seats: Seats
    pausing: Pausing
    covering: Covering
    exchanges: Exchanges
    silence: Silence
    handover: Handover
    desks: DeskPassing
    planner: Planner
    aftermath: Aftermath
    contacts_lost: ContactsLost
    digests: Digests
    punctuality: Punctuality
    sessions: Sessions
    signing_in: SigningIn
    granting: Granting
    tokens: Tokens


def assemble(station: Station) -> Parts:
    """Wire the engine's parts at a station; nothing runs yet."""
    letters = Letters(station)
    sessions = Sessions(station.db)
    subjects = Subjects()
    cases = Cases(station, letters, subjects)
    shifts = Shifts(station, letters, cases)
    relief = Relief(shifts)
    arrivals = Arrivals(shifts, cases, relief)
    ends = ShiftEnds(shifts, cases, relief)
    sheets = Sheets(station, letters, cases)
    relays = Relays(station, letters, cases)
    broadcasts = Broadcasts(station, letters, relays)
    subjects.register(Kind.UNSTAFFED, shifts.load)
    sheet_cases = SheetCases(station, sheets.letters, cases)
    subjects.register(Kind.UNSIGNED, sheet_cases.load_unsigned)
    subjects.register(Kind.UNVERIFIED, sheet_cases.load_unverified)
    subjects.register(Kind.UNRELAYED, relays.load)
    cases.when_closed(relays.case_closed)
    passing = OfficePassing(station, OfficeLetters(station, letters), cases, sheets, relays)
    offices = Offices(station, passing)
    silence = Silence(station, cases, offices)
    subjects.register(Kind.SILENT, silence.load)
    cases.when_unanswered(silence.unanswered)
    cases.when_moved(Webhooks(station).moved)
    handover = Handover(station, letters, cases)
    cases.when_closed(relief.case_closed)
    arrivals.when_arrived(handover.officer_came)
    arrivals.when_arrived(relief.has_come)
    desks = DeskPassing(shifts, arrivals, handover)
    stand_ins = StandIns(station)
    return Parts(
        station=station,
        letters=letters,
        cases=cases,
        shifts=shifts,
        arrivals=arrivals,
        relief=relief,
        shift_changes=ShiftChanges(station, shifts),
        sheets=sheets,
        sheet_cases=sheet_cases,
        broadcasts=broadcasts,
        relays=relays,
        offices=offices,
        seats=Seats(offices),
        pausing=Pausing(station, shifts, cases),
        covering=Covering(station, CoverLetters(station, letters, shifts), shifts, stand_ins),
        exchanges=Exchanges(ExchangeLetters(station, letters, shifts), stand_ins),
        silence=silence,
        handover=handover,
        desks=desks,
        planner=Planner(station, ends, sheets, cases),
        aftermath=Aftermath(station, letters, cases),
        contacts_lost=ContactsLost(station, letters),
        digests=Digests(station, letters),
        punctuality=Punctuality(station, letters),
        sessions=sessions,
        signing_in=SigningIn(station, letters, sessions),
        granting=Granting(sessions),
        tokens=Tokens(station.db),
    )
