"""Cases about responsibility lists: one not signed in time, one signed and not verified in time."""

from datetime import datetime

from notifier.domain.ids import SheetKey
from notifier.domain.policy import Kind
from notifier.domain.sheet import SheetState
from notifier.engine.cases import Cases
from notifier.engine.sheet_letters import SheetLetters
from notifier.engine.sheet_proxies import proxy_of
from notifier.engine.station import Station
from notifier.engine.subjects import SHEET, UNSIGNED, VERIFY, Subject
from notifier.store.tx import Tx


class SheetCases:
    """Opens them when a grace is over, and says what each is about."""

    def __init__(self, station: Station, letters: SheetLetters, cases: Cases) -> None:
        """Work with the station's cases; ``letters`` know how a list is put in words."""
        self._station = station
        self._letters = letters
        self._cases = cases

    async def unsigned(self, tx: Tx, subject: str, now: datetime) -> None:
        """The grace is over: an unsigned list is a case."""
        sheet = await tx.sheets.get(SheetKey(subject))
        if sheet is not None and sheet.wants_signature:
            await self._cases.open(tx, Kind.UNSIGNED, sheet.key, "not signed", now)

    async def unverified(self, tx: Tx, subject: str, now: datetime) -> None:
        """Nobody has verified it in time: a case."""
        sheet = await tx.sheets.get(SheetKey(subject))
        if sheet is not None and sheet.state is SheetState.SIGNED:
            await self._cases.open(tx, Kind.UNVERIFIED, sheet.key, "not verified", now)

    async def load_unsigned(self, tx: Tx, key: str, now: datetime) -> Subject | None:
        """What an unsigned case is about."""
        sheet = await tx.sheets.get(SheetKey(key))
        if sheet is None:
            return None
        return Subject(
            kind=Kind.UNSIGNED,
            key=key,
            unit=sheet.unit,
            topic=SHEET,
            topic_of_others=UNSIGNED,
            rostered=(sheet.signer,),
            keeps_open=frozenset({sheet.signer}),
            values=await self._letters.values(tx, sheet, self._station.locale),
            settled=None if sheet.wants_signature else ("late" if sheet.late else "signed"),
            reason="not signed",
        )

    async def load_unverified(self, tx: Tx, key: str, now: datetime) -> Subject | None:
        """What an unverified case is about; its signer is never called for it."""
        sheet = await tx.sheets.get(SheetKey(key))
        if sheet is None:
            return None
        waiting = sheet.state is SheetState.SIGNED
        return Subject(
            kind=Kind.UNVERIFIED,
            key=key,
            unit=sheet.unit,
            topic=VERIFY,
            topic_of_others=VERIFY,
            excluded=frozenset({sheet.signer, await proxy_of(tx, sheet) or sheet.signer}),
            values=await self._letters.values(tx, sheet, self._station.locale),
            settled=str(sheet.state) if sheet.state in (SheetState.VERIFIED, SheetState.RETURNED) else None,
            void=None if waiting or sheet.state is not SheetState.OPEN else "unsigned_again",
            reason="not verified",
        )
