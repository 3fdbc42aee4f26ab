"""One row of the tables of words: a pattern and the verb it means."""

import re
from dataclasses import dataclass

from notifier.domain.language import vocabulary as words
from notifier.domain.language.model import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The groups ``name``, ``minutes`` and ``items`` are taken over; ``minutes`` here is a default.

    Repetitions in a pattern are bounded, since overlapping words repeated without bound take for ever.
    """

    verb: Verb
    pattern: re.Pattern[str]
    strict: bool = True
    minutes: int | None = None


def whole(verb: Verb, *alternatives: str, strict: bool = True, minutes: int | None = None) -> Rule:
    """A rule for a clause that says this and nothing else."""
    pattern = re.compile(rf"\A(?:{'|'.join(alternatives)})\Z")
    return Rule(verb=verb, pattern=pattern, strict=strict, minutes=minutes)


def within(verb: Verb, *alternatives: str, strict: bool = True) -> Rule:
    """A rule for words that count wherever they stand."""
    return Rule(verb=verb, pattern=re.compile("|".join(alternatives)), strict=strict)


SOON_MINUTES = 10
"""What 快到了 is worth: it names no time, and must not put the calls off for long."""

LETTER = r"[^\W\d_不没未无别我您你他她它谁]"
GIVEN_EN = r"[a-z][a-z.'-]*(?: (?!is\b)[a-z][a-z.'-]*)?"
SOMEBODY = rf"(?:[老小阿][{words.SURNAMES}]|[{words.SURNAMES}]{LETTER}{{1,3}}?)"
ME = r"(?:我们|我|俺|本人|咱)?(?:都|也|已经|已|刚刚|刚才|刚|现在|现|正式|终于|就){0,3}"
DONE = r"(?:了|啦|的|了的|好了|完了|完|好)?"
SIGN = r"(?:签字|签名|签收|签)"
ALL = r"(?:其他|其它|其余|别|剩下|剩余|余下|的|项|都|全部|全|均|已经|已|也|我){0,5}"
ITEM = r"第?\d{1,2}(?!\d)(?:项|条|号|个)?"
ITEMS = rf"(?P<items>{ITEM}(?:(?:[ ,.和跟与及至到-]{{0,3}}|,? and | to ){ITEM}){{0,40}})"
BUT = r"(?:除了?|除去|except(?: for)?)"
UNDONE = r"(?:没有?做|未做|没有?完成|未完成|没办)?(?:以外|之外|外)?"
NUMBER = rf"(?<!\d)\d{{3,4}}(?!\d|[.:-]\d| ?(?:{words.COUNTED})(?![a-z]))"
"""A figure in the text as it stands that may name a matter."""
ID = r" ?(?=[a-z._-]{0,39}\d)[a-z0-9][a-z0-9._-]{0,39}"
"""A person's id behind his name, which tells namesakes apart; it has a figure somewhere."""
