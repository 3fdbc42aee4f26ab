"""签, 核实, 退回 and what else people say of a list."""

from collections.abc import Mapping
from datetime import timedelta

from notifier.domain.case import CalledOff
from notifier.domain.chain import verifier_for
from notifier.domain.language.model import Answer, Verb
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.sheet import Refusal, Sheet
from notifier.engine.case_letters import base_values
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.letters import Letter
from notifier.engine.sheets import REMIND_ONCE, UNSIGNED_AT
from notifier.engine.subjects import UNSIGNED
from notifier.store.rows import Timer

LATER = timedelta(minutes=30)
"""Who says "later" is reminded once after this."""

WONT_SIGN = "wont_sign"
"""The outcome of an unsigned case whose signer says that he will not sign."""


class SheetAnswers:
    """Answers about lists, by who signs them and who verifies them."""

    def __init__(self, basis: Basis) -> None:
        """Work with the parts' sheets."""
        self._basis = basis
        self._parts = basis.parts
        self._sheets = basis.parts.sheets

    def signer_table(self) -> Mapping[Verb, Handler]:
        """What each word of the signer does."""
        return {Verb.SIGN: self.sign, Verb.WONT_SIGN: self.wont_sign, Verb.LATER: self.later}

    def verifier_table(self) -> Mapping[Verb, Handler]:
        """What each word of the verifier does."""
        return {Verb.VERIFY: self.verify, Verb.RETURN: self.send_back}

    async def sign(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He signs: all items but those named; by the button, all but those he took the mark from."""
        sheet = _of(standing)
        exceptions = sheet.draft if visit.tapped else answer.items
        signed = await self._sheets.sign(visit.tx, sheet, exceptions, visit.actor(standing.person), visit.now)
        if isinstance(signed, Refusal):
            template = "how_to_sign" if signed is Refusal.NO_SUCH_ITEM else "sheet_already"
            return [await self._basis.reply(visit, standing, template, courtesy=True)]
        await self._basis.remember(visit, standing, Verb.SIGN, sheet=sheet.key)
        return [await self._basis.reply(visit, standing, "sheet_signed")]

    async def toggle(self, visit: Visit, standing: Standing, item: int) -> list[Reply]:
        """He marks an item, or takes the mark back: his message's buttons change in place."""
        sheet = _of(standing)
        changed = await self._sheets.toggle(visit.tx, sheet, item)
        if isinstance(changed, Refusal) or visit.quoted is None or visit.incoming.quoted is None:
            return []
        checklist = await self._sheets.letters.checklist_of(visit.tx, changed)
        keyboard = self._sheets.letters.keyboard(changed, checklist, standing.matter, standing.person.locale)
        shown = visit.quoted
        return [
            Reply(
                template=shown.template,
                values={
                    **await self._basis.facts.about(visit, standing.matter, standing.person),
                    **shown.values,
                },
                person=standing.person,
                matter=standing.matter,
                keyboard=keyboard,
                edits=visit.incoming.quoted,
            )
        ]

    async def wont_sign(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He will not sign: the nagging stops, and whoever verifies hears of it."""
        tx, now, sheet = visit.tx, visit.now, _of(standing)
        await tx.timers.drop([f"{UNSIGNED_AT}:{sheet.key}", f"{REMIND_ONCE}:{sheet.key}"])
        case = await tx.cases.open_for(Kind.UNSIGNED, sheet.key)
        await self._basis.journal(
            visit,
            WONT_SIGN,
            standing.person,
            matter=standing.matter,
            case=case.id if case else None,
            reason=visit.words,
        )
        if case is not None:
            event = CalledOff(outcome=WONT_SIGN, reason=WONT_SIGN, person=standing.person.id)
            await self._parts.cases.happen(tx, case.id, event, now)
        await self._basis.remember(visit, standing, Verb.WONT_SIGN, sheet=sheet.key)
        told = await self._tell_verifier(visit, standing, sheet)
        return [await self._basis.reply(visit, standing, "wont_sign_noted", verifier_name=told)]

    async def _tell_verifier(self, visit: Visit, standing: Standing, sheet: Sheet) -> str | None:
        tx, now, signer = visit.tx, visit.now, standing.person
        lineage = await self._basis.facts.lineage(tx, sheet.unit, now, signer.id)
        checklist = await self._sheets.letters.checklist_of(tx, sheet)
        verifier = verifier_for(checklist.verified_by, lineage, signer.id, now)
        person = lineage.people.get(verifier) if verifier else None
        if verifier is None or person is None:
            return None
        [matter] = await tx.matters.ensure([(verifier, UNSIGNED, sheet.key, sheet.unit)], now)
        letter = Letter(
            key=f"wont_sign:{visit.item}",
            person=verifier,
            template="wont_sign_told",
            values={
                **base_values(lineage, verifier, now),
                **await self._sheets.letters.values(tx, sheet, person.locale),
                "reason": visit.words,
            },
            kind=Kind.UNSIGNED,
            matter=matter.id,
            number=matter.number,
        )
        await self._parts.letters.post(tx, [letter], now)
        return person.name

    async def later(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He is reminded once more, later."""
        sheet = _of(standing)
        timer = Timer(
            key=f"{REMIND_ONCE}:{sheet.key}",
            lane=Lane.DUTY,
            due_at=visit.now + LATER,
            kind=REMIND_ONCE,
            subject=sheet.key,
        )
        await visit.tx.timers.set(timer)
        await self._basis.journal(visit, "later", standing.person, matter=standing.matter)
        await self._basis.remember(visit, standing, Verb.LATER, sheet=sheet.key)
        return [await self._basis.reply(visit, standing, "later_noted")]

    async def verify(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He finds it true."""
        sheet = _of(standing)
        verified = await self._sheets.verify(visit.tx, sheet, visit.actor(standing.person), visit.now)
        return await self._judged(visit, standing, verified, Verb.VERIFY, "sheet_verified")

    async def send_back(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He returns it, with a reason."""
        sheet = _of(standing)
        returned = await self._sheets.send_back(
            visit.tx, sheet, answer.reason or "", visit.actor(standing.person), visit.now
        )
        return await self._judged(visit, standing, returned, Verb.RETURN, "sheet_return_noted")

    async def _judged(
        self, visit: Visit, standing: Standing, judged: Sheet | Refusal, verb: Verb, template: str
    ) -> list[Reply]:
        if isinstance(judged, Refusal):
            refused = "return_reason" if judged is Refusal.NO_REASON else "sheet_already"
            return [await self._basis.reply(visit, standing, refused, courtesy=True)]
        await self._basis.remember(visit, standing, verb, sheet=judged.key)
        return [await self._basis.reply(visit, standing, template)]


def _of(standing: Standing) -> Sheet:
    if standing.sheet is None:
        raise LookupError("a list's matter has a list")
    return standing.sheet
