"""The verbs that bind somebody: taken from their exact words only, and asked back from all others."""

from notifier.domain.language.model import (
    Answer,
    AskBack,
    MatterKind,
    OpenMatter,
    Question,
    Reading,
    Verb,
)
from notifier.domain.language.scene import Scene, ask, forward, ids, missed, the_one

_SEEMS_DONE = {
    MatterKind.CALL: Question.WHO_IS_ON_POST,
    MatterKind.LIST: Question.SIGN_ALL,
    MatterKind.VERIFY: Question.VERIFY_OR_RETURN,
    MatterKind.RELAY: Question.HOW_MANY,
    MatterKind.REMINDER: Question.HOW_TO_ANSWER,
    MatterKind.CLAIM: Question.HOW_TO_ANSWER,
    MatterKind.NOTICE: Question.HOW_TO_ANSWER,
    MatterKind.DESK: Question.HOW_TO_ANSWER,
    MatterKind.PROPOSAL: Question.HOW_TO_ANSWER,
}
"""What to ask who says that it is all done."""


def sign(scene: Scene) -> Reading:
    """签, or 签 with 除 and items that the list has; anything else asks."""
    said = scene.said
    if not said.strict and not said.items and not said.excepting:
        return sorted_out(scene)
    found = the_one(scene, lambda m: Verb.SIGN in m.answers)
    if not isinstance(found, OpenMatter):
        return found
    if scene.strays:
        # 签872 with only 828 open is a slip of the finger, or an item: a signature is not guessed.
        return ask(Question.WHICH_MATTER, found)
    if not said.strict:
        question = Question.SIGN_EXCEPT if said.excepting else Question.HOW_TO_ANSWER
        return AskBack(question=question, matters=(found.id,), items=said.items)
    if not _on_list(said.items, found):
        return AskBack(question=Question.HOW_TO_ANSWER, matters=(found.id,), items=said.items)
    return Answer(verb=Verb.SIGN, matter=found.id, items=said.items)


def not_done(scene: Scene) -> Reading:
    """3没做 seems to mean 签828除3, and is asked back."""
    found = the_one(scene, lambda m: Verb.SIGN in m.answers)
    if not isinstance(found, OpenMatter):
        return found if isinstance(found, AskBack) and len(found.matters) > 1 else forward(scene)
    proposes = bool(scene.said.items) and _on_list(scene.said.items, found)
    question = Question.SIGN_EXCEPT if proposes else Question.HOW_TO_ANSWER
    return AskBack(question=question, matters=(found.id,), items=scene.said.items)


def _on_list(items: tuple[int, ...], matter: OpenMatter) -> bool:
    return all(1 <= item <= (matter.items or item) for item in items)


def sorted_out(scene: Scene) -> Reading:
    """处理好了 and 都做了 do nothing: a list is asked for its signature, a call for who is on post."""
    said_of_list = scene.said.verb is Verb.SIGN
    first = MatterKind.LIST if said_of_list else MatterKind.CALL
    likely = [m for m in scene.choice if m.kind is first] or list(scene.choice)
    if not likely:
        return missed(scene)
    kinds = {m.kind for m in likely}
    if len(likely) > 1 and kinds != {MatterKind.RELAY}:
        return ask(Question.WHICH_MATTER, *likely)
    return ask(_SEEMS_DONE[likely[0].kind], *likely)


def verify(scene: Scene) -> Reading:
    """属实 and 核实 in so many words."""
    found = the_one(scene, lambda m: Verb.VERIFY in m.answers)
    if not isinstance(found, OpenMatter):
        return found
    if scene.strays:
        return ask(Question.WHICH_MATTER, found)
    if not scene.said.strict:
        return ask(Question.VERIFY_OR_RETURN, found)
    return Answer(verb=Verb.VERIFY, matter=found.id)


def send_back(scene: Scene) -> Reading:
    """退回 with a reason; 退 alone may as well be 退订."""
    if not scene.said.strict:
        return ask(Question.RETURN_OR_STOP, *(m for m in scene.choice if Verb.RETURN in m.answers))
    found = the_one(scene, lambda m: Verb.RETURN in m.answers)
    if not isinstance(found, OpenMatter):
        return (
            found if isinstance(found, AskBack) and len(found.matters) > 1 else _read_by_someone(scene, found)
        )
    if scene.strays and scene.addressed is None:
        return ask(Question.WHICH_MATTER, found)
    if scene.said.reason is None:
        return ask(Question.RETURN_REASON, found)
    return Answer(verb=Verb.RETURN, matter=found.id, reason=scene.said.reason)


def _read_by_someone(scene: Scene, found: Reading) -> Reading:
    """A complaint about what cannot be returned (有问题 to a reminder) is somebody's to read."""
    return forward(scene) if isinstance(found, AskBack) else found


def relayed(scene: Scene) -> Reading:
    """转达 and one figure; the figure may have three digits as long as it names no matter."""
    relays = [m for m in scene.choice if m.kind is MatterKind.RELAY]
    if not relays and any(m.kind is MatterKind.RELAY for m in scene.open):
        return AskBack(
            question=Question.HOW_MANY, matters=ids([m for m in scene.open if m.kind is MatterKind.RELAY])
        )
    found = the_one(scene, lambda m: Verb.RELAYED in m.answers)
    if not isinstance(found, OpenMatter):
        return found
    figures = scene.strays + scene.said.counts
    count = figures[0] if len(figures) == 1 else None
    if not scene.said.strict or not count:
        return ask(Question.HOW_MANY, found, count=count)
    if found.members is not None and count > found.members and not scene.confirmed:
        return ask(Question.MORE_THAN_MEMBERS, found, count=count)
    return Answer(verb=Verb.RELAYED, matter=found.id, count=count)


def proxy(scene: Scene) -> Reading:
    """代 NAME 到岗; 老王到了 is confirmed by name first."""
    found = the_one(scene, lambda m: Verb.PROXY in m.answers)
    if not isinstance(found, OpenMatter):
        return found
    name = scene.said.name
    if scene.strays:
        return ask(Question.WHICH_MATTER, found)
    if not scene.said.strict or name in (None, "姓名", "name"):
        return AskBack(question=Question.WHICH_PERSON, matters=(found.id,), name=name)
    return Answer(verb=Verb.PROXY, matter=found.id, name=name)
