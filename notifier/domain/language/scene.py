"""Which open matter a text is about: by number, by quote, or because only one can take the word now."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from notifier.domain.ids import MatterId
from notifier.domain.language.model import (
    AskBack,
    Forward,
    MatterKind,
    Matters,
    NothingOpen,
    OpenMatter,
    Question,
    Reading,
    Silence,
    Stale,
    Utterance,
    Verb,
)

_SHIFT = frozenset({MatterKind.REMINDER, MatterKind.CALL})
TAKES_ACK = _SHIFT | {MatterKind.NOTICE}
"""What a mere 收到 answers; a list, a verification and a relay want more."""

KINDS: dict[Verb, frozenset[MatterKind]] = {
    Verb.ACK: TAKES_ACK,
    Verb.NUMBER_ONLY: TAKES_ACK,
    Verb.HERE: _SHIFT,
    Verb.OFF: _SHIFT,
    Verb.HAND_OVER: _SHIFT,
    Verb.SIGN: frozenset({MatterKind.LIST}),
    Verb.VERIFY: frozenset({MatterKind.VERIFY}),
    Verb.RETURN: frozenset({MatterKind.VERIFY}),
    Verb.RELAYED: frozenset({MatterKind.RELAY}),
}
"""Answers that may come twice or too late: then the sender hears how the matter stands."""

_WANT_EXPLAINING = frozenset(KINDS) - {Verb.HERE, Verb.OFF, Verb.HAND_OVER} | {Verb.NOT_DONE}
_OF_THE_LIVE_CALL = frozenset({Verb.ACK, Verb.DECLINE, Verb.ETA, Verb.HAND_ON, Verb.COVER, Verb.LATER})
"""Words that, among several matters, mean the call that is ringing now; being on post is never guessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """``addressed`` was named or quoted; ``strays`` are the numbers in the text that name no matter."""

    said: Utterance
    open: tuple[OpenMatter, ...]
    addressed: OpenMatter | None = None
    strays: tuple[int, ...] = ()
    confirmed: bool = False

    @property
    def only(self) -> OpenMatter | None:
        """The matter addressed, else the only one open."""
        if self.addressed is not None:
            return self.addressed
        return self.open[0] if len(self.open) == 1 else None

    @property
    def choice(self) -> tuple[OpenMatter, ...]:
        """What the text may be about."""
        return (self.addressed,) if self.addressed is not None else self.open


def set_scene(
    said: Utterance,
    matters: Matters,
    *,
    quoted: MatterId | None,
    known: Collection[int],
    confirmed: bool,
) -> Scene | Reading:
    """The matter that the number or the quoted message names; a reading where they name none or two."""
    named = _named(said, matters)
    closed = tuple(n for n in dict.fromkeys(said.numbers) if n in known and n not in _numbers_of(matters))
    if len(named) + len(closed) > 1:
        return AskBack(question=Question.WHICH_MATTER, matters=ids(named))
    quote = next((m for m in matters if m.id == quoted), None)
    clash = _clash(named, closed, quoted, quote)
    if clash is not None:
        return clash
    addressed = named[0] if named else quote
    number = addressed.number if addressed else None
    return Scene(
        said=said,
        open=tuple(m for m in matters if m.asks),
        addressed=addressed,
        strays=tuple(n for n in said.numbers if n != number),
        confirmed=confirmed,
    )


def _numbers_of(matters: Matters) -> set[int]:
    return {m.number for m in matters}


def _named(said: Utterance, matters: Matters) -> tuple[OpenMatter, ...]:
    """The open matters whose numbers stand in the text; after a relay's number comes its count."""
    named = tuple(m for n in dict.fromkeys(said.numbers) for m in matters if m.number == n)
    counts = said.verb in (Verb.RELAYED, Verb.NUMBER_ONLY)
    return named[:1] if counts and named and named[0].kind is MatterKind.RELAY else named


def _clash(
    named: tuple[OpenMatter, ...],
    closed: tuple[int, ...],
    quoted: MatterId | None,
    quote: OpenMatter | None,
) -> Reading | None:
    number_differs = bool(closed) or bool(named and named[0].id != quoted)
    if quoted is not None and number_differs and (named or quote):
        both = dict.fromkeys(ids((*named, *((quote,) if quote else ()))))
        return AskBack(question=Question.NUMBER_OR_QUOTE, matters=tuple(both))
    if closed:
        return Stale(number=closed[0])
    # A button under an old message must not answer another matter that is still open.
    return Stale(number=0, matter=quoted) if quoted is not None and quote is None else None


def ids(matters: Matters) -> tuple[MatterId, ...]:
    """The ids alone."""
    return tuple(m.id for m in matters)


def ask(question: Question, *matters: OpenMatter, count: int | None = None) -> AskBack:
    """Asks back about these matters."""
    return AskBack(question=question, matters=ids(matters), count=count)


def the_one(scene: Scene, fits: Callable[[OpenMatter], bool]) -> OpenMatter | Reading:
    """The one matter that the word can answer now; else what to say instead."""
    fitting = [m for m in scene.choice if fits(m)]
    if len(fitting) > 1 and scene.said.strict and scene.said.verb in _OF_THE_LIVE_CALL:
        calls = [m for m in fitting if m.kind is MatterKind.CALL]
        fitting = calls if len(calls) == 1 else fitting
    if len(fitting) > 1:
        return ask(Question.WHICH_MATTER, *fitting)
    return fitting[0] if fitting else missed(scene)


def missed(scene: Scene) -> Reading:
    """No matter takes the word now: it comes twice or late, wants explaining, or somebody must read it."""
    verb = scene.said.verb
    if not scene.choice:
        return Silence() if verb is Verb.ACK else NothingOpen()
    kindred = [m for m in scene.choice if m.kind in KINDS.get(verb, ())]
    if len(kindred) == 1 and scene.said.strict:
        return Stale(number=kindred[0].number)
    if verb in _WANT_EXPLAINING:
        return ask(Question.HOW_TO_ANSWER, *scene.choice)
    return forward(scene)


def forward(scene: Scene) -> Reading:
    """To who holds the matter, when it is clear which; to the desk otherwise."""
    if not scene.choice:
        return NothingOpen()
    return Forward(matter=scene.only.id if scene.only is not None else None)
