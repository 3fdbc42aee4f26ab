"""A chat becomes somebody's: by a link on paper, or by a code that his secretary vouched for him with."""

import secrets
from datetime import datetime

from notifier.domain import vouchers
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.roster import ChannelName, Contact, Person
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import base_values
from notifier.engine.letters import Letter
from notifier.engine.linking.tokens import token_hash
from notifier.engine.parts import Parts
from notifier.store.rows import JournalLine, Timer, Voucher
from notifier.store.tx import Tx

OVER = "voucher_over"


class Joining:
    """Gives vouchers and connects chats, in the caller's transaction."""

    def __init__(self, parts: Parts) -> None:
        """Whoever must know is told through the parts' letters."""
        self._parts = parts

    async def give_voucher(self, tx: Tx, person: Person, by: PersonId, now: datetime) -> tuple[str, datetime]:
        """A code for that person, and until when it works; his earlier ones work no more."""
        voucher = Voucher(person=person.id, given_by=by, expires_at=now + vouchers.VALID_FOR)
        while True:
            code = f"{secrets.randbelow(10**vouchers.DIGITS):0{vouchers.DIGITS}}"
            kept = await tx.vouchers.give(
                voucher,
                selector=code[: vouchers.SELECTOR],
                code_hash=token_hash(code),
                now=now,
                tries=vouchers.TRIES_PER_VOUCHER,
            )
            if kept:
                break
        await self._journal(tx, "voucher_given", person, now, reason=f"by {by}")
        await tx.timers.set(_over(voucher))
        return code, voucher.expires_at

    async def by_voucher(self, tx: Tx, code: str, contact: Contact, now: datetime) -> Person | None:
        """Whom the code connects to that chat; who vouched for him is told. None when it does not work."""
        voucher = await tx.vouchers.redeem(code[: vouchers.SELECTOR], token_hash(code), now)
        person = await tx.roster.person(voucher.person) if voucher else None
        if voucher is None or person is None:
            return None
        await self._join(tx, person, contact, now, reason=f"vouched for by {voucher.given_by}")
        await tx.vouchers.blank(voucher.given_by, vouchers.spaced(code), now)
        await self._tell_giver(tx, voucher, person, now)
        return person

    async def by_token(self, tx: Tx, token: str, contact: Contact, now: datetime) -> Person | None:
        """Whom the link connects to that chat. None when it does not work."""
        person_id = await tx.contacts.redeem(token_hash(token), now)
        person = await tx.roster.person(person_id) if person_id else None
        if person is not None:
            await self._join(tx, person, contact, now, reason=None)
        return person

    # ── the chat changes hands ───────────────────────────────────────────────────────────────────

    async def _join(
        self, tx: Tx, person: Person, contact: Contact, now: datetime, *, reason: str | None
    ) -> None:
        account, chat = contact.account, contact.address
        owner = await tx.contacts.by_chat(account, chat)
        left = [old for bot, old in await tx.contacts.chats(person.id) if bot == account and old != chat]
        await tx.contacts.link(person.id, account, chat, now)
        await tx.contacts.clear(ChannelName.TELEGRAM, account, chat)
        # Whatever else lies about with his name on it is not to connect another chat later.
        await tx.contacts.revoke_tokens([person.id], now)
        await tx.vouchers.revoke([person.id], now)
        await self._journal(tx, "linked", person, now, reason=reason)
        for old in left:
            await tx.messages.readdress(account, old, chat)
            await self._tell_old_chat(
                tx, person, Contact(channel=contact.channel, account=account, address=old), now
            )
        if owner is not None and owner != person.id:
            await self._parts.contacts_lost.unlinked(tx, owner, now)

    async def _tell_old_chat(self, tx: Tx, person: Person, old: Contact, now: datetime) -> None:
        letter = Letter(
            key=f"chat_replaced:{old.account}:{old.address}:{iso_utc(now)}",
            person=person.id,
            template="chat_replaced",
            values=await self._values(tx, person, person.id, now),
            lane=Lane.REPLY,
            to=old,
        )
        await self._parts.letters.post(tx, [letter], now)

    async def _tell_giver(self, tx: Tx, voucher: Voucher, person: Person, now: datetime) -> None:
        letter = Letter(
            key=f"voucher_used:{person.id}:{iso_utc(now)}",
            person=voucher.given_by,
            template="voucher_used_told",
            values=await self._values(tx, person, voucher.given_by, now),
            lane=Lane.REPLY,
        )
        await self._parts.letters.post(tx, [letter], now)

    async def _values(self, tx: Tx, person: Person, reader: PersonId, now: datetime) -> dict[str, object]:
        lineage = await self._parts.station.lineage(tx, person.unit, now, also=[person.id])
        return {**base_values(lineage, reader, now), "person_name": person.name, "at": iso_utc(now)}

    async def _journal(
        self, tx: Tx, event: str, person: Person, now: datetime, *, reason: str | None
    ) -> None:
        line = JournalLine(
            at=now,
            event=event,
            unit=person.unit,
            person=person.id,
            channel=ChannelName.TELEGRAM,
            reason=reason,
        )
        await tx.journal.write([line])


async def forget_codes(tx: Tx, subject: str, now: datetime) -> None:
    """Codes of a day ago work no more: no text that told ``subject`` one keeps it."""
    await tx.vouchers.blank_before(PersonId(subject), now - vouchers.VALID_FOR, now)


def _over(voucher: Voucher) -> Timer:
    key = f"{OVER}:{voucher.person}:{iso_utc(voucher.expires_at)}"
    return Timer(key=key, lane=Lane.BULK, due_at=voucher.expires_at, kind=OVER, subject=str(voucher.given_by))
