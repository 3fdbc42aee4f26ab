"""Other programs hear what becomes of cases: each event is a row of the outbox, written with the case."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from notifier.domain.case import Case
from notifier.domain.case_news import CaseNews, news_of
from notifier.domain.message import Draft, Lane, MachineChannel
from notifier.domain.times import iso_utc
from notifier.engine.station import Station
from notifier.store.tx import Tx

WORTH = timedelta(hours=24)
"""How long an event is worth telling to an endpoint that does not take it."""


class Webhooks:
    """Queues an event for every endpoint, in the transaction in which it happens."""

    def __init__(self, station: Station) -> None:
        """Tell the endpoints of the station's reach."""
        self._station = station

    async def moved(self, tx: Tx, before: Case, after: Case, now: datetime) -> None:
        """A case has changed."""
        if not self._station.reach.webhooks:
            return
        drafts = [draft for news in news_of(before, after) for draft in self._drafts(news, after, now)]
        if drafts:
            tx.signals.note("send")
            await tx.messages.queue(drafts, now)

    def _drafts(self, news: CaseNews, case: Case, now: datetime) -> Iterator[Draft]:
        text = json.dumps(_document(news, case, now), ensure_ascii=False, separators=(",", ":"))
        for endpoint in self._station.reach.webhooks:
            yield Draft(
                key=f"{news}:{case.id}:{case.version}:{endpoint}",
                person=None,
                channel=MachineChannel.WEBHOOK,
                account=endpoint,
                # One call at a time about a case, so that its events mostly come in their order.
                address=f"case:{case.id}",
                lane=Lane.DUTY,
                template=news,
                values={},
                text=text,
                not_before=now,
                expires_at=now + WORTH,
            )


def _document(news: CaseNews, case: Case, now: datetime) -> dict[str, object]:
    """What is posted: ids and states, never a name, a number or anybody's words."""
    return {
        "type": news,
        "timestamp": iso_utc(now),
        "data": {
            "case": str(case.id),
            "version": case.version,
            "kind": case.kind,
            "unit": case.unit,
            "state": case.state,
            "outcome": case.outcome,
            "step": case.cursor.step,
            "holder": case.holder,
            "opened_at": iso_utc(case.opened_at),
        },
    }
