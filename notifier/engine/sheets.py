"""Responsibility lists, run: asked for, signed, verified or returned, and what a missing one starts."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from notifier.domain import sheet as rules
from notifier.domain.ids import PersonId, SheetKey, ShiftKey, UnitCode
from notifier.domain.message import Lane
from notifier.domain.policy import Checklist, Kind, Settings, Signers
from notifier.domain.roster import Shift
from notifier.domain.sheet import Refusal, Sheet, Terms
from notifier.domain.times import iso_utc
from notifier.engine.cases import Cases
from notifier.engine.letters import Letters
from notifier.engine.sheet_letters import SheetLetters
from notifier.engine.sheet_proxies import SIGNED, SIGNED_FOR, proxy_of
from notifier.engine.station import Actor, Station
from notifier.engine.subjects import SHEET, VERIFY
from notifier.errors import NotFound
from notifier.store.rows import JournalLine, Timer
from notifier.store.tx import Tx

ASK_DAILY = "sheet_daily"
UNSIGNED_AT = "sheet_unsigned"
UNVERIFIED_AT = "sheet_unverified"
REMIND_ONCE = "sheet_later"

ASK_BEFORE = timedelta(minutes=30)
"""A daily list is asked for this long before it falls due."""


class Sheets:
    """Everything about a list."""

    def __init__(self, station: Station, letters: Letters, cases: Cases) -> None:
        """Work with the station's letters and cases."""
        self._station = station
        self.letters = SheetLetters(station, letters)
        self._cases = cases

    # ── asking ───────────────────────────────────────────────────────────────────────────────────

    async def ask_after_shift(
        self, tx: Tx, shift: Shift, unit: UnitCode, were_on_post: Sequence[PersonId], now: datetime
    ) -> None:
        """A shift is over: every list due at shift end is asked of those who owe it."""
        settings = await self._station.rules.current(tx)
        for checklist in settings.checklists:
            if checklist.due.daily is None:
                due = rules.due_for_shift(checklist, shift)
                await self._issue(tx, checklist, unit, shift.key, shift.key, due, were_on_post, now)

    async def ask_daily(self, tx: Tx, subject: str, now: datetime) -> None:
        """A daily list's time has come for one unit; ``subject`` is checklist, unit and day, by ``|``."""
        checklist_id, unit, day = subject.split("|")
        settings = await self._station.rules.current(tx)
        checklist = next((c for c in settings.checklists if c.id == checklist_id), None)
        if checklist is None or checklist.due.daily is None:
            return
        on = date.fromisoformat(day)
        due = rules.due_on_day(checklist, on, self._station.zone)
        about = rules.about_day(UnitCode(unit), on)
        were_there = await self._on_duty_that_day(tx, checklist, UnitCode(unit), now)
        await self._issue(tx, checklist, UnitCode(unit), about, None, due, were_there, now)

    async def _on_duty_that_day(
        self, tx: Tx, checklist: Checklist, unit: UnitCode, now: datetime
    ) -> list[PersonId]:
        if checklist.signers is not Signers.ON_DUTY:
            return []
        people: dict[PersonId, None] = {}
        for post in await tx.roster.posts_of(unit):
            for shift in await tx.shifts.at_post(post.code, now - timedelta(days=1), now):
                for row in await tx.presences.during(shift.key):
                    people[row.presence.person] = None
        return list(people)

    async def _issue(
        self,
        tx: Tx,
        checklist: Checklist,
        unit: UnitCode,
        about: str,
        shift: ShiftKey | None,
        due: datetime,
        were_on_post: Sequence[PersonId],
        now: datetime,
    ) -> None:
        settings = await self._station.rules.current(tx)
        lineage = await self.letters.lineage(tx, unit, now)
        signers = rules.signers(checklist, lineage, now, were_on_post)
        sheets = [
            Sheet(
                key=rules.sheet_key(checklist.id, about, signer),
                checklist=checklist.id,
                unit=unit,
                signer=signer,
                asked_at=now,
                due_at=max(due, now),
                shift=shift,
                settings_version=settings.version,
            )
            for signer in signers
        ]
        await tx.sheets.add(sheets)
        for sheet in sheets:
            await self._watch_signature(tx, sheet, settings)
            await self.letters.ask(tx, sheet, "sheet_ask", now, key=f"ask:{sheet.key}")

    async def remind_once(self, tx: Tx, subject: str, now: datetime) -> None:
        """The signer asked to be reminded later."""
        sheet = await tx.sheets.get(SheetKey(subject))
        if sheet is not None and sheet.wants_signature:
            await self.letters.ask(tx, sheet, "sheet_ask", now, key=f"later:{sheet.key}:{iso_utc(now)}")

    # ── what people do ───────────────────────────────────────────────────────────────────────────

    async def toggle(self, tx: Tx, sheet: Sheet, item: int) -> Sheet | Refusal:
        """Mark an item as not done before signing, or take the mark back."""
        checklist = await self.letters.checklist_of(tx, sheet)
        changed = rules.toggle(sheet, item, len(checklist.items))
        if isinstance(changed, Sheet):
            await tx.sheets.save(changed)
        return changed

    async def sign(
        self, tx: Tx, sheet: Sheet, exceptions: Sequence[int], by: Actor, now: datetime
    ) -> Sheet | Refusal:
        """The signer signs: the unsigned case closes, and the verifier is asked."""
        settings = await self._settings_of(tx, sheet)
        items, terms = _to_sign(sheet, settings)
        signed = rules.sign(sheet, by.person or sheet.signer, exceptions, items, now, terms)
        if isinstance(signed, Refusal):
            return signed
        await self._journal(tx, signed, SIGNED, signed.signer, by, _marked(signed), now, Kind.UNSIGNED)
        return await self._signed(tx, signed, settings, now)

    async def sign_for(
        self, tx: Tx, sheet: Sheet, exceptions: Sequence[int], by: Actor, done_at: datetime, now: datetime
    ) -> Sheet | Refusal:
        """Somebody signs in the signer's name, who did so at ``done_at``: both times are kept, and by whom.

        Whether it is late goes by ``now``, when it was entered.
        """
        settings = await self._settings_of(tx, sheet)
        items, terms = _to_sign(sheet, settings)
        proxy = by.person or sheet.signer
        verifier = await self.letters.verifier_of(tx, sheet, settings, now)
        signed = rules.sign_for(sheet, proxy, verifier, exceptions, items, now, terms)
        if isinstance(signed, Refusal):
            return signed
        reason = _marked(signed, f"by proxy of {proxy}", f"done {iso_utc(done_at)}")
        await self._journal(tx, signed, SIGNED, signed.signer, by, reason, now, Kind.UNSIGNED)
        capacity = await self._capacity(tx, signed, by, now)
        for_whom = "; ".join(part for part in (capacity, f"for {signed.signer}") if part)
        await self._journal(tx, signed, SIGNED_FOR, proxy, by, for_whom, now, Kind.UNSIGNED)
        signed = await self._signed(tx, signed, settings, now)
        await self.letters.tell_of_proxy(tx, signed, proxy, now)
        return signed

    async def _signed(self, tx: Tx, signed: Sheet, settings: Settings, now: datetime) -> Sheet:
        signed = await self.letters.ask_verifier(tx, signed, settings, now)
        await tx.sheets.save(signed)
        await tx.timers.drop([f"{UNSIGNED_AT}:{signed.key}"])
        await self._watch_verification(tx, signed, settings)
        await self._cases.settle(tx, Kind.UNSIGNED, signed.key, now, signed.signer)
        return signed

    async def verify(self, tx: Tx, sheet: Sheet, by: Actor, now: datetime) -> Sheet | Refusal:
        """Somebody other than the signer finds it true: the matter is closed for everybody."""
        proxy = await proxy_of(tx, sheet)
        verified = rules.verify(sheet, by.person or sheet.signer, now, proxy=proxy)
        if isinstance(verified, Refusal):
            return verified
        capacity = await self._capacity(tx, verified, by, now)
        await self._journal(tx, verified, "verified", by.person, by, capacity, now, Kind.UNVERIFIED)
        await tx.sheets.save(verified)
        await self._judged(tx, verified, by, now)
        await tx.matters.close(SHEET, verified.key, now)
        await self.letters.tell_signer(tx, verified, "sheet_verified", now)
        return verified

    async def send_back(self, tx: Tx, sheet: Sheet, reason: str, by: Actor, now: datetime) -> Sheet | Refusal:
        """Somebody other than the signer returns it: the signer owes it anew, his grace starts now."""
        proxy = await proxy_of(tx, sheet)
        returned = rules.send_back(sheet, by.person or sheet.signer, reason, now, proxy=proxy)
        if isinstance(returned, Refusal):
            return returned
        capacity = await self._capacity(tx, returned, by, now)
        told = "; ".join(part for part in (capacity, reason) if part)
        await self._journal(tx, returned, "returned", by.person, by, told, now, Kind.UNVERIFIED)
        await tx.sheets.save(returned)
        await self._judged(tx, returned, by, now)
        await self._watch_signature(tx, returned, await self._settings_of(tx, returned))
        await self.letters.ask(
            tx, returned, "sheet_returned", now, key=f"returned:{returned.key}:{returned.returns}"
        )
        return returned

    async def _capacity(self, tx: Tx, sheet: Sheet, by: Actor, now: datetime) -> str | None:
        """In which office he acts, where he does: the journal keeps it beside his name."""
        offices = (await self.letters.lineage(tx, sheet.unit, now)).offices
        acting = [office.title for office in offices if by.person and office.acting_at(now) == by.person]
        return f"acting {acting[0]}" if acting else None

    async def _judged(self, tx: Tx, sheet: Sheet, by: Actor, now: datetime) -> None:
        await tx.timers.drop([f"{UNVERIFIED_AT}:{sheet.key}"])
        await self._cases.settle(tx, Kind.UNVERIFIED, sheet.key, now, by.person)
        await tx.matters.close(VERIFY, sheet.key, now)

    async def pass_on(self, tx: Tx, unit: UnitCode, giver: PersonId, now: datetime) -> None:
        """What ``giver`` was to verify goes to who is to do so now; his own number for it is closed."""
        for sheet in await tx.sheets.to_verify(giver):
            settings = await self._settings_of(tx, sheet)
            if sheet.unit != unit or await self.letters.verifier_of(tx, sheet, settings, now) in (
                None,
                giver,
            ):
                continue
            await tx.sheets.save(await self.letters.ask_verifier(tx, sheet, settings, now))
            await tx.matters.close(VERIFY, sheet.key, now, person=giver)

    async def undo(self, tx: Tx, sheet: Sheet, undone: Sheet | Refusal, by: Actor, now: datetime) -> bool:
        """Put a sheet back to what it was; the clock that belongs to it runs again. False: too late."""
        if isinstance(undone, Refusal):
            return False
        settings = await self._settings_of(tx, undone)
        await self._journal(tx, undone, "undone", by.person, by, sheet.state, now, Kind.UNSIGNED)
        await tx.sheets.save(undone)
        if undone.wants_signature:
            await tx.timers.drop([f"{UNVERIFIED_AT}:{undone.key}"])
            await tx.matters.close(VERIFY, undone.key, now)
            await self._watch_signature(tx, undone, settings)
        else:
            await self.letters.ask_verifier(tx, undone, settings, now)
            await self._watch_verification(tx, undone, settings)
        return True

    async def _watch_signature(self, tx: Tx, sheet: Sheet, settings: Settings) -> None:
        terms = _terms(settings, settings.checklist(sheet.checklist), Kind.UNSIGNED)
        if (due := rules.unsigned_at(sheet, terms)) is not None:
            await tx.timers.set(_timer(UNSIGNED_AT, due, sheet.key))

    async def _watch_verification(self, tx: Tx, sheet: Sheet, settings: Settings) -> None:
        terms = _terms(settings, settings.checklist(sheet.checklist), Kind.UNVERIFIED)
        if (due := rules.unverified_at(sheet, terms)) is not None:
            await tx.timers.set(_timer(UNVERIFIED_AT, due, sheet.key))

    async def _settings_of(self, tx: Tx, sheet: Sheet) -> Settings:
        return await self._station.rules.at(tx, sheet.settings_version)

    async def _journal(
        self,
        tx: Tx,
        sheet: Sheet,
        event: str,
        person: PersonId | None,
        by: Actor,
        reason: str | None,
        now: datetime,
        kind: Kind,
    ) -> None:
        case = await tx.cases.open_for(kind, sheet.key)
        line = JournalLine(
            at=now,
            event=event,
            case=case.id if case else None,
            unit=sheet.unit,
            subject=sheet.key,
            person=person,
            channel=by.channel,
            reason=reason,
        )
        await tx.journal.write([line])


async def get_sheet(tx: Tx, key: str) -> Sheet:
    """The sheet of that key. Raises NotFound."""
    sheet = await tx.sheets.get(SheetKey(key))
    if sheet is None:
        raise NotFound("there is no such list")
    return sheet


def _terms(settings: Settings, checklist: Checklist, kind: Kind) -> Terms:
    quiet = settings.quiet if settings.policy(kind).keeps_quiet else None
    return Terms(grace=checklist.grace, verify_within=checklist.verify_within, quiet=quiet)


def _timer(kind: str, due_at: datetime, subject: str) -> Timer:
    return Timer(key=f"{kind}:{subject}", lane=Lane.ESCALATION, due_at=due_at, kind=kind, subject=subject)


def _to_sign(sheet: Sheet, settings: Settings) -> tuple[int, Terms]:
    """How many items its list has, and when it would be late."""
    checklist = settings.checklist(sheet.checklist)
    return len(checklist.items), _terms(settings, checklist, Kind.UNSIGNED)


def _marked(sheet: Sheet, *how: str) -> str | None:
    """What is to be known of a signature: how it came about, what was not done, whether it is late."""
    without = "without " + ", ".join(str(n) for n in sheet.exceptions) if sheet.exceptions else None
    late = "late" if sheet.late else None
    return "; ".join(part for part in (*how, without, late) if part) or None
