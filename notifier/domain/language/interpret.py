"""Holds what was said against what is open for the sender.

The order of reading: opt-out words, danger words, the number in the text, the quoted message, the one open
matter that the word fits, the one live call; then the sender is asked.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from notifier.domain.ids import MatterId
from notifier.domain.language import binding
from notifier.domain.language.figures import EMERGENCY
from notifier.domain.language.model import (
    Answer,
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
from notifier.domain.language.scene import Scene, ask, forward, missed, set_scene, the_one

PERSONAL = "personal"
"""All that is kept of why somebody cannot come, unless he gives a reason for leave himself."""

_OF_NO_MATTER = frozenset({Verb.START, Verb.HELP, Verb.LANGUAGE, Verb.DANGER, Verb.NEED, Verb.VOUCHER})
_OF_ANY_MATTER = frozenset({Verb.INFO, Verb.SOMEONE_ELSE})
_OF_CLOSED_TOO = frozenset({Verb.UNDO, Verb.CLAIM, Verb.WRONG_NUMBER, Verb.SOMEONE_ELSE})
_ORDERS = frozenset({Verb.APPOINT, Verb.END_ACTING})
"""Said with somebody's name they are orders about an office, whatever is open."""
_LIKELY_MINUTES = range(5, 181)
"""A bare figure within it, to a single open shift, is how long somebody still needs."""

_SHIFT = (MatterKind.REMINDER, MatterKind.CALL)


def interpret(
    utterance: Utterance,
    matters: Matters,
    *,
    quoted: MatterId | None = None,
    known: Collection[int] = (),
    confirmed: bool = False,
) -> Reading:
    """Total. ``known``: numbers of the sender's closed matters. ``quoted``: what a tap or a reply points at.

    ``confirmed``: the same text was just asked back: CONFIRM_OFF and MORE_THAN_MEMBERS are not asked twice.
    """
    if utterance.verb is Verb.STOP:
        return Answer(verb=Verb.STOP) if utterance.strict else AskBack(question=Question.STOP_FOR_GOOD)
    if utterance.verb in _OF_NO_MATTER:
        return Answer(verb=utterance.verb, language=utterance.language, name=utterance.name)
    if utterance.verb in _ORDERS and utterance.name:
        return Answer(verb=utterance.verb, name=utterance.name, day=utterance.day)
    if utterance.verb is Verb.SIGN_FOR:
        return _in_the_name_of(utterance)
    scene = set_scene(utterance, matters, quoted=quoted, known=known, confirmed=confirmed)
    if isinstance(scene, Scene):
        return _read(scene)
    if isinstance(scene, Stale) and utterance.verb in _OF_CLOSED_TOO:
        return Answer(verb=utterance.verb, matter=scene.matter, number=scene.number or None)
    return scene


def _in_the_name_of(said: Utterance) -> Answer:
    """Whose list it is depends on what is open for him, not for the sender; no name where none is certain."""
    name = said.name if said.strict else None
    return Answer(verb=said.verb, name=name, items=said.items, clock=said.clock)


def _read(scene: Scene) -> Reading:
    if scene.addressed is not None and not scene.addressed.asks:
        return _of_what_asks_nothing(scene, scene.addressed)
    return _HANDLERS.get(scene.said.verb, forward)(scene)


def _of_what_asks_nothing(scene: Scene, matter: OpenMatter) -> Reading:
    verb = scene.said.verb
    if verb in (Verb.ACK, Verb.NUMBER_ONLY):
        return Silence()
    if verb in _OF_ANY_MATTER | _OF_CLOSED_TOO or verb in matter.answers:
        return _HANDLERS[verb](scene) if verb in _HANDLERS else forward(scene)
    return Forward(matter=matter.id)


def _answer(scene: Scene, matter: OpenMatter, verb: Verb) -> Answer:
    said = scene.said
    return Answer(
        verb=verb,
        matter=matter.id,
        minutes=said.minutes,
        name=said.name,
        reason=said.reason,
        takes=said.takes,
    )


def _ack(scene: Scene) -> Reading:
    """收到; the looser 没问题 and 谢谢 take no call and verify nothing."""
    strict = scene.said.strict

    def fits(matter: OpenMatter) -> bool:
        if matter.kind is MatterKind.VERIFY and not strict:
            return Verb.VERIFY in matter.answers
        return Verb.ACK in matter.answers

    found = the_one(scene, fits)
    if not isinstance(found, OpenMatter):
        return found
    if found.kind is MatterKind.VERIFY and not strict:
        return ask(Question.VERIFY_OR_RETURN, found)
    if found.kind in (MatterKind.CALL, MatterKind.RELAY) and not strict:
        return ask(Question.HOW_TO_ANSWER, found)
    return _answer(scene, found, Verb.ACK)


def _number_only(scene: Scene) -> Reading:
    figures = scene.strays + scene.said.counts
    if not figures:
        return _ack(scene)
    matter = scene.only
    if len(figures) == 1 and matter is not None and matter.kind is MatterKind.RELAY:
        return binding.relayed(scene)
    if scene.addressed is None and EMERGENCY.issuperset(figures):
        return Answer(verb=Verb.DANGER)
    if matter is not None and len(figures) == 1 and _may_be_minutes(scene, figures[0]):
        return _eta(replace(scene, said=replace(scene.said, verb=Verb.ETA, minutes=figures[0])))
    relays = [m for m in scene.choice if m.kind is MatterKind.RELAY]
    if len(relays) == 1 and len(figures) == 1:
        return ask(Question.HOW_MANY, relays[0], count=figures[0])
    return ask(Question.HOW_TO_ANSWER, *scene.choice) if scene.choice else NothingOpen()


def _may_be_minutes(scene: Scene, figure: int) -> bool:
    matter = scene.only
    likely = scene.addressed is not None or figure in _LIKELY_MINUTES
    return matter is not None and matter.kind in _SHIFT and likely


def _here(scene: Scene) -> Reading:
    early = [m for m in scene.choice if m.early]
    if early and not any(Verb.HERE in m.answers for m in scene.choice):
        return ask(Question.TOO_EARLY, *early)
    return _plain(scene)


def _off(scene: Scene) -> Reading:
    found = the_one(scene, lambda m: Verb.OFF in m.answers)
    if isinstance(found, OpenMatter) and not scene.said.strict and not scene.confirmed:
        return ask(Question.CONFIRM_OFF, found)
    return _answer(scene, found, Verb.OFF) if isinstance(found, OpenMatter) else found


def _hand_over(scene: Scene) -> Reading:
    """交班: where no post is handed over so, it says no more than that somebody leaves."""
    if any(Verb.HAND_OVER in m.answers for m in scene.choice):
        return _plain(scene)
    return _off(replace(scene, said=replace(scene.said, verb=Verb.OFF, strict=False)))


def _cannot(scene: Scene) -> Reading:
    """The rostered are on leave; who was called only declines, and the next is called."""
    found = the_one(scene, lambda m: _refusal(m) is not None)
    if not isinstance(found, OpenMatter):
        return _how_to_refuse(scene) if not scene.said.strict and scene.choice else found
    verb = _refusal(found)
    if verb is None or (not scene.said.strict and found.kind is not MatterKind.CALL):
        return ask(Question.HOW_TO_ANSWER, found)
    given = scene.said.reason if scene.said.verb is Verb.LEAVE else None
    reason = (given or PERSONAL) if verb is Verb.LEAVE else given
    return Answer(verb=verb, matter=found.id, reason=reason)


def _refusal(matter: OpenMatter) -> Verb | None:
    prefers_leave = matter.kind is MatterKind.REMINDER or matter.rostered
    order = (Verb.LEAVE, Verb.DECLINE) if prefers_leave else (Verb.DECLINE,)
    return next((verb for verb in order if verb in matter.answers), None)


def _how_to_refuse(scene: Scene) -> Reading:
    """A bare 不 to something that cannot be declined."""
    verify = scene.only is not None and scene.only.kind is MatterKind.VERIFY
    return ask(Question.VERIFY_OR_RETURN if verify else Question.HOW_TO_ANSWER, *scene.choice)


def _eta(scene: Scene) -> Reading:
    found = the_one(scene, lambda m: Verb.ETA in m.answers)
    if not isinstance(found, OpenMatter):
        return found
    return _answer(scene, found, Verb.ETA) if scene.said.minutes else ask(Question.HOW_LONG, found)


def _how_long(scene: Scene) -> Reading:
    found = the_one(scene, lambda m: m.kind in _SHIFT)
    return ask(Question.HOW_LONG, found) if isinstance(found, OpenMatter) else found


def _later(scene: Scene) -> Reading:
    found = the_one(scene, lambda m: m.kind in _SHIFT or Verb.LATER in m.answers)
    if not isinstance(found, OpenMatter):
        return found
    if found.kind in _SHIFT:
        return ask(Question.HOW_LONG, found)
    return _answer(scene, found, Verb.LATER)


def _cover(scene: Scene) -> Reading:
    """我来: takes a search for cover, and otherwise the call."""
    if any(Verb.COVER in m.answers for m in scene.choice):
        return _plain(scene)
    return _ack(replace(scene, said=replace(scene.said, verb=Verb.ACK)))


def _swap(scene: Scene) -> Reading:
    """Of the shift that is open, else of the next; a second number is the other's own of his."""
    own = [m for m in scene.choice if Verb.SWAP in m.answers]
    if len(own) > 1:
        return ask(Question.WHICH_MATTER, *own)
    if not own and scene.addressed is not None:
        return missed(scene)
    return Answer(
        verb=Verb.SWAP,
        matter=own[0].id if own else None,
        name=scene.said.name,
        number=scene.strays[0] if scene.strays else None,
    )


def _stand_in(scene: Scene) -> Reading:
    """Named by the other's own number of it, or his next."""
    number = scene.said.numbers[0] if scene.said.numbers else None
    return Answer(verb=Verb.STAND_IN, name=scene.said.name, number=number)


def _put_to_him(scene: Scene) -> Reading:
    """A leave, or an exchange of shifts, is agreed to or refused in so many words only."""
    found = _plain(scene)
    loose = isinstance(found, Answer) and not scene.said.strict
    return ask(Question.HOW_TO_ANSWER, *scene.choice) if loose else found


def _plain(scene: Scene) -> Reading:
    """The verb as it was said, to the one matter that takes it."""
    verb = scene.said.verb
    found = the_one(scene, lambda m: verb in m.answers)
    return _answer(scene, found, verb) if isinstance(found, OpenMatter) else found


def _not_received(scene: Scene) -> Reading:
    if not scene.choice:
        return NothingOpen()
    if scene.only is None:
        return ask(Question.WHICH_MATTER, *scene.choice)
    return Answer(verb=Verb.NOT_RECEIVED, matter=scene.only.id)


def _about(scene: Scene) -> Reading:
    """Needs no matter, and names the one meant where that is clear."""
    matter = scene.only
    calls = [m for m in scene.choice if m.kind is MatterKind.CALL]
    if matter is None and len(calls) == 1 and scene.said.verb in _OF_ANY_MATTER:
        matter = calls[0]
    return Answer(verb=scene.said.verb, matter=matter.id if matter else None)


def _taking_back(scene: Scene) -> Reading:
    """UNDO and CLAIM: to the one matter that takes them, else to whatever the sender last answered."""
    verb = scene.said.verb
    fitting = [m for m in scene.choice if verb in m.answers]
    if len(fitting) > 1:
        return ask(Question.WHICH_MATTER, *fitting)
    matter = fitting[0] if fitting else scene.addressed
    return Answer(verb=verb, matter=matter.id if matter else None)


def _named_only(scene: Scene) -> Reading:
    return Answer(verb=scene.said.verb, matter=scene.addressed.id if scene.addressed else None)


_HANDLERS: dict[Verb, Callable[[Scene], Reading]] = {
    Verb.ACK: _ack,
    Verb.NUMBER_ONLY: _number_only,
    Verb.HERE: _here,
    Verb.NOT_HERE: _how_long,
    Verb.OFF: _off,
    Verb.HAND_OVER: _hand_over,
    Verb.DECLINE: _cannot,
    Verb.LEAVE: _cannot,
    Verb.ETA: _eta,
    Verb.LATER: _later,
    Verb.COVER: _cover,
    Verb.HAND_ON: _plain,
    Verb.TAKE_OVER: _plain,
    Verb.APPOINT: _plain,
    Verb.AGREE: _put_to_him,
    Verb.REFUSE: _put_to_him,
    Verb.SWAP: _swap,
    Verb.STAND_IN: _stand_in,
    Verb.WITHDRAW: _plain,
    Verb.NOT_RECEIVED: _not_received,
    Verb.INFO: _about,
    Verb.SOMEONE_ELSE: _about,
    Verb.WRONG_NUMBER: _named_only,
    Verb.LIST: _named_only,
    Verb.UNDO: _taking_back,
    Verb.CLAIM: _taking_back,
    Verb.WONT_SIGN: _plain,
    Verb.SIGN: binding.sign,
    Verb.NOT_DONE: binding.not_done,
    Verb.SORTED: binding.sorted_out,
    Verb.VERIFY: binding.verify,
    Verb.RETURN: binding.send_back,
    Verb.RELAYED: binding.relayed,
    Verb.PROXY: binding.proxy,
}
"""What is not here (UNKNOWN) goes on word for word to whoever holds the matter."""
