"""One transaction and everything that can be done in it."""

from collections.abc import Callable
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.answers import AnswerRepo
from notifier.store.api_answers import ApiAnswerRepo
from notifier.store.api_lists import ApiListRepo
from notifier.store.api_tokens import ApiTokenRepo
from notifier.store.broadcasts import BroadcastRepo
from notifier.store.cases import CaseRepo
from notifier.store.clock import ClockRepo
from notifier.store.contacts import ContactRepo
from notifier.store.covers import CoverRepo
from notifier.store.deliveries import DeliveryRepo
from notifier.store.figures import FigureRepo
from notifier.store.grants import GrantRepo
from notifier.store.imports import ImportRepo
from notifier.store.inbox import InboxRepo
from notifier.store.journal import JournalRepo
from notifier.store.journal_search import JournalSearchRepo
from notifier.store.kept import Kept
from notifier.store.leases import LeaseRepo
from notifier.store.matters import MatterRepo
from notifier.store.messages import MessageRepo
from notifier.store.office_records import OfficeRecordRepo
from notifier.store.outlook import OutlookRepo
from notifier.store.pauses import PauseRepo
from notifier.store.presences import PresenceRepo
from notifier.store.roster import RosterRepo
from notifier.store.roster_search import RosterSearchRepo
from notifier.store.sessions import SessionRepo
from notifier.store.settings import SettingsRepo
from notifier.store.sheets import SheetRepo
from notifier.store.shifts import ShiftRepo
from notifier.store.sign_ins import SignInRepo
from notifier.store.signals import SignalRepo
from notifier.store.staging import StagingRepo
from notifier.store.timers import TimerRepo
from notifier.store.uploads import UploadRepo
from notifier.store.vouchers import VoucherRepo
from notifier.store.walls import WallRepo


class Tx:
    """An open transaction. Each subject has one repository; all of them write in this transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Wrap an open transaction; committing is the Database's part."""
        self.conn = conn
        self.kept = Kept()
        self.afterwards: list[Callable[[], None]] = []
        """What is called once this is committed, and never when it is not."""

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite, where few statements must be spelt otherwise."""
        return self.conn.dialect.name == "sqlite"

    @cached_property
    def signals(self) -> SignalRepo:
        """Ringing for running programs."""
        return SignalRepo(self.conn)

    @cached_property
    def answers(self) -> AnswerRepo:
        """What people's words did."""
        return AnswerRepo(self.conn)

    @cached_property
    def broadcasts(self) -> BroadcastRepo:
        """Broadcasts and relays."""
        return BroadcastRepo(self.conn)

    @cached_property
    def cases(self) -> CaseRepo:
        """Cases and calls."""
        return CaseRepo(self.conn)

    @cached_property
    def contacts(self) -> ContactRepo:
        """Chats, phones and what is against them."""
        return ContactRepo(self.conn)

    @cached_property
    def covers(self) -> CoverRepo:
        """Who stands a shift for somebody else."""
        return CoverRepo(self.conn, self.kept)

    @cached_property
    def office_records(self) -> OfficeRecordRepo:
        """Who held which seat when, and how each stands now."""
        return OfficeRecordRepo(self.conn)

    @cached_property
    def outlook(self) -> OutlookRepo:
        """The hours ahead and the day past, for many units at once."""
        return OutlookRepo(self.conn)

    @cached_property
    def pauses(self) -> PauseRepo:
        """Posts and units that call nobody for a while."""
        return PauseRepo(self.conn)

    @cached_property
    def presences(self) -> PresenceRepo:
        """Who is on post."""
        return PresenceRepo(self.conn)

    @cached_property
    def roster(self) -> RosterRepo:
        """Units, people, offices, posts."""
        return RosterRepo(self.conn, self.kept)

    @cached_property
    def roster_search(self) -> RosterSearchRepo:
        """People of the roster, a page at a time."""
        return RosterSearchRepo(self.conn)

    @cached_property
    def settings(self) -> SettingsRepo:
        """Settings and documents."""
        return SettingsRepo(self.conn, self.kept)

    @cached_property
    def shifts(self) -> ShiftRepo:
        """Shifts and leaves."""
        return ShiftRepo(self.conn, self.kept)

    @cached_property
    def clock(self) -> ClockRepo:
        """The civil clock's anchor."""
        return ClockRepo(self.conn)

    @cached_property
    def inbox(self) -> InboxRepo:
        """What came in, raw."""
        return InboxRepo(self.conn)

    @cached_property
    def journal(self) -> JournalRepo:
        """Every decision with its reason."""
        return JournalRepo(self.conn)

    @cached_property
    def leases(self) -> LeaseRepo:
        """Rights one process holds at a time."""
        return LeaseRepo(self.conn)

    @cached_property
    def timers(self) -> TimerRepo:
        """Everything that must happen later."""
        return TimerRepo(self.conn)

    @cached_property
    def uploads(self) -> UploadRepo:
        """Roster files handed in on a page."""
        return UploadRepo(self.conn)

    @cached_property
    def vouchers(self) -> VoucherRepo:
        """Codes that let somebody connect a new chat."""
        return VoucherRepo(self.conn)

    @cached_property
    def sign_ins(self) -> SignInRepo:
        """Askings to come in."""
        return SignInRepo(self.conn)

    @cached_property
    def sessions(self) -> SessionRepo:
        """Who has come in."""
        return SessionRepo(self.conn)

    @cached_property
    def grants(self) -> GrantRepo:
        """Rights given by hand."""
        return GrantRepo(self.conn)

    @cached_property
    def api_tokens(self) -> ApiTokenRepo:
        """What lets programs in."""
        return ApiTokenRepo(self.conn)

    @cached_property
    def api_lists(self) -> ApiListRepo:
        """What the API lists."""
        return ApiListRepo(self.conn)

    @cached_property
    def api_answers(self) -> ApiAnswerRepo:
        """What programs were answered."""
        return ApiAnswerRepo(self.conn)

    @cached_property
    def imports(self) -> ImportRepo:
        """The roster as told from outside."""
        return ImportRepo(self.conn)

    @cached_property
    def staging(self) -> StagingRepo:
        """Large imports on their way."""
        return StagingRepo(self.conn)

    @cached_property
    def matters(self) -> MatterRepo:
        """Numbers towards people."""
        return MatterRepo(self.conn)

    @cached_property
    def sheets(self) -> SheetRepo:
        """Responsibility lists."""
        return SheetRepo(self.conn)

    @cached_property
    def messages(self) -> MessageRepo:
        """Messages, from queued to answered."""
        return MessageRepo(self.conn)

    @cached_property
    def walls(self) -> WallRepo:
        """The whole city at a glance."""
        return WallRepo(self.conn)

    @cached_property
    def deliveries(self) -> DeliveryRepo:
        """What was sent and what became of it."""
        return DeliveryRepo(self.conn)

    @cached_property
    def journal_search(self) -> JournalSearchRepo:
        """Searching the journal."""
        return JournalSearchRepo(self.conn)

    @cached_property
    def figures(self) -> FigureRepo:
        """Counts of past days."""
        return FigureRepo(self.conn)
