"""What is written to people about a responsibility list, and what such a text may say."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from notifier.domain.chain import verifier_for
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.message import Button, Keyboard, Lane
from notifier.domain.policy import Checklist, Kind, Settings
from notifier.domain.roster import Lineage, Person
from notifier.domain.sheet import Sheet
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import base_values, local_phone
from notifier.engine.letters import Letter, Letters
from notifier.engine.sheet_proxies import proxy_of
from notifier.engine.station import Station
from notifier.engine.subjects import SHEET, VERIFY
from notifier.store.rows import Matter
from notifier.store.tx import Tx


class SheetLetters:
    """Writes the letters of lists."""

    def __init__(self, station: Station, letters: Letters) -> None:
        """Use the station's texts, rules and letters."""
        self._station = station
        self._letters = letters

    async def ask(self, tx: Tx, sheet: Sheet, template: str, now: datetime, *, key: str) -> None:
        """Put the list before its signer, its items as toggle buttons where there are buttons."""
        lineage = await self.lineage(tx, sheet.unit, now, sheet.signer)
        signer = lineage.people.get(sheet.signer)
        checklist = await self.checklist_of(tx, sheet)
        [matter] = await tx.matters.ensure([(sheet.signer, SHEET, sheet.key, sheet.unit)], now)
        locale = signer.locale if signer else self._station.locale
        letter = Letter(
            key=key,
            person=sheet.signer,
            template=template,
            values={
                **base_values(lineage, sheet.signer, now),
                **await self.values(tx, sheet, locale),
            },
            kind=Kind.UNSIGNED,
            matter=matter.id,
            number=matter.number,
            keyboard=self.keyboard(sheet, checklist, matter, locale),
        )
        await self._letters.post(tx, [letter], now)

    def keyboard(self, sheet: Sheet, checklist: Checklist, matter: Matter, locale: str) -> Keyboard:
        """One toggle an item, marked done unless toggled off, then the signature."""
        toggles = [
            Button(
                f"{'☐' if number in sheet.draft else '☑'} {number} {_in(item, locale)}",
                f"item:{matter.id}:{number}",
            )
            for number, item in enumerate(checklist.items, 1)
        ]
        rows = [tuple(toggles[n : n + 2]) for n in range(0, len(toggles), 2)]
        sign = Button(self._station.texts.label("sign", locale), f"sign:{matter.id}")
        return (*rows, (sign,))

    async def checklist_of(self, tx: Tx, sheet: Sheet) -> Checklist:
        """The list a sheet is of, in the version it was issued under."""
        return (await self._station.rules.at(tx, sheet.settings_version)).checklist(sheet.checklist)

    async def values(self, tx: Tx, sheet: Sheet, locale: str) -> dict[str, object]:
        """What every text about a sheet may say, in that language."""
        checklist = await self.checklist_of(tx, sheet)
        proxy = await proxy_of(tx, sheet)
        ids = [p for p in (sheet.signer, sheet.verifier, proxy) if p]
        people = await tx.roster.people(ids)
        off = sheet.draft if sheet.wants_signature else sheet.exceptions
        items = [_in(item, locale) for item in checklist.items]
        return {
            "checklist": _in(checklist.title, locale),
            "items_total": len(items),
            "items_done": len(items) - len(off),
            "exceptions": list(off),
            "exception_texts": [items[n - 1] for n in off],
            "due": iso_utc(sheet.due_at),
            "reason": sheet.return_reason,
            "late": sheet.late,
            "items": [{"number": n, "text": text, "done": n not in off} for n, text in enumerate(items, 1)],
            "proxy_name": people[proxy].name if proxy in people else None,
            **_who("signer", people.get(sheet.signer)),
            **_who("verifier", people.get(sheet.verifier) if sheet.verifier else None),
        }

    async def ask_verifier(self, tx: Tx, sheet: Sheet, settings: Settings, now: datetime) -> Sheet:
        """Put a signed list before its verifier, who is kept on it; the sheet as it is when nobody can."""
        lineage = await self.lineage(tx, sheet.unit, now, sheet.signer)
        verifier = await self._verifier(tx, sheet, settings, lineage, now)
        if verifier is None:
            return sheet
        sheet = replace(sheet, verifier=verifier)
        person = lineage.people.get(verifier)
        [matter] = await tx.matters.ensure([(verifier, VERIFY, sheet.key, sheet.unit)], now)
        letter = Letter(
            key=f"verify:{sheet.key}:{sheet.returns}:{verifier}:{iso_utc(now)}",
            person=verifier,
            template="sheet_verify",
            values={
                **base_values(lineage, verifier, now),
                **await self.values(tx, sheet, person.locale if person else self._station.locale),
            },
            kind=Kind.UNVERIFIED,
            matter=matter.id,
            number=matter.number,
        )
        await self._letters.post(tx, [letter], now)
        return sheet

    async def tell_of_proxy(self, tx: Tx, sheet: Sheet, proxy: PersonId, now: datetime) -> None:
        """Tell the signer that it was signed in his name, and that he may take that back."""
        lineage = await self.lineage(tx, sheet.unit, now, sheet.signer, proxy)
        signer, sender = lineage.people.get(sheet.signer), lineage.people.get(proxy)
        [matter] = await tx.matters.ensure([(sheet.signer, SHEET, sheet.key, sheet.unit)], now)
        letter = Letter(
            key=f"signed_for:{sheet.key}:{iso_utc(now)}",
            person=sheet.signer,
            template="signed_for_told",
            values={
                **base_values(lineage, sheet.signer, now),
                **await self.values(tx, sheet, signer.locale if signer else self._station.locale),
                "sender_name": sender.name if sender else None,
                "sender_phone": local_phone(sender.phone) if sender else None,
            },
            lane=Lane.REPLY,
            # Of the kind that keeps no quiet hours: in the morning it would be too late to take it back.
            kind=Kind.UNSTAFFED,
            matter=matter.id,
            number=matter.number,
        )
        await self._letters.post(tx, [letter], now)

    async def tell_signer(self, tx: Tx, sheet: Sheet, template: str, now: datetime) -> None:
        """Tell the signer what became of the list."""
        lineage = await self.lineage(tx, sheet.unit, now, sheet.signer)
        signer = lineage.people.get(sheet.signer)
        matter = await tx.matters.find(sheet.signer, SHEET, sheet.key)
        letter = Letter(
            key=f"{template}:{sheet.key}:{sheet.returns}",
            person=sheet.signer,
            template=template,
            values={
                **base_values(lineage, sheet.signer, now),
                **await self.values(tx, sheet, signer.locale if signer else self._station.locale),
            },
            kind=Kind.UNSIGNED,
            matter=matter.id if matter else None,
            number=matter.number if matter else None,
        )
        await self._letters.post(tx, [letter], now)

    async def verifier_of(self, tx: Tx, sheet: Sheet, settings: Settings, now: datetime) -> PersonId | None:
        """Who is to verify that list as things stand now."""
        lineage = await self.lineage(tx, sheet.unit, now, sheet.signer)
        return await self._verifier(tx, sheet, settings, lineage, now)

    async def _verifier(
        self, tx: Tx, sheet: Sheet, settings: Settings, lineage: Lineage, now: datetime
    ) -> PersonId | None:
        verified_by = settings.checklist(sheet.checklist).verified_by
        proxy = await proxy_of(tx, sheet)
        return verifier_for(verified_by, lineage, sheet.signer, now, proxy=proxy)

    async def lineage(self, tx: Tx, unit: UnitCode, now: datetime, *also: PersonId) -> Lineage:
        """The unit's chain, with these people in it too."""
        return await self._station.lineage(tx, unit, now, also=also)


def _in(texts: Mapping[str, str], locale: str) -> str:
    return texts.get(locale) or next(iter(texts.values()))


def _who(role: str, person: Person | None) -> dict[str, object]:
    return {
        f"{role}_name": person.name if person else None,
        f"{role}_phone": local_phone(person.phone) if person else None,
    }
