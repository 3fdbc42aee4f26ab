"""What other programs are told of a case: one event for each turn that it takes."""

from enum import StrEnum

from notifier.domain.case import Case, CaseState


class CaseNews(StrEnum):
    """Types of events. ``case.calling``: nobody has it any more, and the calls go on."""

    OPENED = "case.opened"
    CALLING = "case.calling"
    HELD = "case.held"
    EXHAUSTED = "case.exhausted"
    RESOLVED = "case.resolved"
    CANCELLED = "case.cancelled"


def news_of(before: Case, after: Case) -> tuple[CaseNews, ...]:
    """What a change of a case is to others: nothing, while it stays in its state with its holder.

    A case without a version has only just been opened; it may come to another state in the same moment.
    """
    opened = (CaseNews.OPENED,) if before.version == 0 else ()
    passed_on = after.state is CaseState.HELD and after.holder != before.holder
    if after.state is before.state and not passed_on:
        return opened
    return (*opened, CaseNews(f"case.{after.state}"))
