"""Why somebody's word changed nothing about a case, in a line that names no one but by id."""

from notifier.domain.case import Case, Verdict


def unchanged(case: Case, by: str, verdict: Verdict) -> str:
    """The line, for any verdict but that it was taken."""
    sentences = {
        Verdict.CLOSED: f"it is {case.state} already ({case.outcome})",
        Verdict.HELD_BY_OTHER: f"{case.holder} has it",
        Verdict.HELD_ALREADY: f"{by} has it already",
        Verdict.HELD_BEFORE: f"{by} had it and let it go; somebody else must take it",
        Verdict.NOT_CALLED: f"{by} was not called in it and does not stand in its chain, or is absent",
    }
    return f"case {case.id} is unchanged: {sentences.get(verdict, verdict)}"
