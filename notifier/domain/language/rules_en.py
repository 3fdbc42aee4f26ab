"""Rules read against one English clause, after the Chinese ones."""

from notifier.domain.language.model import Verb
from notifier.domain.language.rule import GIVEN_EN, LETTER, SOMEBODY, SOON_MINUTES, Rule, whole, within

_ME_EN = (
    r"(?:(?:i'm|im|i am|i have|i've|ive|we are|we're|we have|we've|i|we) )?"
    r"(?:(?:just|now|already|have|am) ){0,3}"
)

CLAUSE_EN: tuple[Rule, ...] = (
    whole(
        Verb.LIST,
        r"(?:the |my )?(?:list|items|details)",
    ),
    whole(
        Verb.WONT_SIGN,
        r"(?:i )?(?:won't|wont|will not|cannot|can't|cant|refuse to|not going to) sign(?: it| this)?",
    ),
    whole(
        Verb.NOT_DONE,
        r"not (?:signed|done)(?: yet)?",
    ),
    whole(
        Verb.SIGN,
        r"(?:i )?(?:have |hereby )?sign(?:ed)?(?: off)?(?: it| all| list| the list)?",
    ),
    whole(
        Verb.SIGN,
        r"(?:it's |i'm )?all (?:done|finished|complete)|everything(?: is)? done",
        strict=False,
    ),
    whole(
        Verb.VERIFY,
        r"(?:it's |it is )?(?:verify|verified|correct)",
    ),
    whole(
        Verb.RELAYED,
        r"(?:i )?(?:have )?(?:relayed|told|passed on)(?: to)?(?: it)?(?: to)?"
        r" ?\d*(?: people| members| persons)?",
    ),
    within(
        Verb.RELAYED,
        r"\btold (?:everyone|everybody|them|all)|\brelayed\b",
        strict=False,
    ),
    whole(
        Verb.PROXY,
        rf"for ?(?P<name>{GIVEN_EN}|{LETTER}{{1,8}}) ?,? ?(?:is )?(?:here|on post)",
    ),
    whole(
        Verb.ETA,
        r"(?:i'm |i am )?(?:almost|nearly)(?: there| here)?|(?:be )?right there",
        minutes=SOON_MINUTES,
    ),
    whole(
        Verb.ETA,
        r"(?:i'm |i am )?(?:stuck(?: in traffic)?|in traffic|on (?:my|the) way|coming|running late|late)",
    ),
    whole(
        Verb.OFF,
        r"(?:i'm |i am )?(?:off post|leaving post|left post)|off",
    ),
    whole(
        Verb.OFF,
        r"(?:i'm |i am |i've |i have |i |we've |we )?(?:gone|left|leaving|off duty|going home|home(?: now)?)",
        r"(?:i |i'm |i am )?(?:got|at|reached|back) home",
        r"(?:my |the )?shift(?: is|'s)? over",
        strict=False,
    ),
    whole(
        Verb.SORTED,
        r"(?:it's |all |it is )?(?:sorted|handled|settled|taken care of|done|dealt with)",
    ),
    whole(
        Verb.ACK,
        r"i'll (?:handle|arrange|take) (?:it|this)|on it",
    ),
    whole(
        Verb.COVER,
        r"i'?ll (?:go|come|cover|do it|take it)|i (?:can|will) (?:go|come|cover)(?: it)?",
    ),
    whole(
        Verb.END_ACTING,
        rf"end acting(?: of)? (?P<name>{GIVEN_EN})",
    ),
    whole(
        Verb.AGREE,
        r"(?:i )?(?:agree|agreed|approved?)(?: to (?:it|the leave))?",
    ),
    whole(
        Verb.TAKE_OVER,
        r"(?:i'll |i will |i'm |i am |i )?(?:take|taking|took) (?:it |them |this )?over",
    ),
    whole(
        Verb.HAND_OVER,
        r"(?:i |i've |i have |we have |we've )?(?:handed|handing) (?:it |the post )?over",
    ),
    whole(
        Verb.APPOINT,
        r"appoint|(?:have|let) (?:them|him|her) act",
        rf"appoint (?P<name>{GIVEN_EN})(?: as acting secretary)?",
    ),
    whole(
        Verb.HAND_ON,
        rf"send (?P<name>{GIVEN_EN})|(?:ask|let) (?P<other>{GIVEN_EN}) to go",
        rf"(?:pass|hand)(?: it)? (?:on|over)(?: to (?P<third>{GIVEN_EN}))?",
    ),
    whole(
        Verb.NOT_HERE,
        r"(?:i'm |i am |i have |i've )?(?:still )?not (?:there|here|arrived|on post)(?: yet)?",
        r"not yet",
    ),
    whole(
        Verb.NOT_HERE,
        r"(?:i )?(?:haven't|havent|isn't|didn't) (?:arrived?|got there|got here)(?: yet)?",
        r"(?:i'm )?not yet (?:there|here)",
    ),
    whole(
        Verb.PROXY,
        r"(?!(?:i|i'm|we|it|he|she|they|who|not|almost|nearly|everyone|help)\b)"
        rf"(?P<name>{GIVEN_EN}|{SOMEBODY}) ?(?:is|has)(?: already)? (?:there|here|on post|arrived)",
        r"(?:everyone|he|she|they)(?: is|'s| are|'re) (?:there|here)",
        strict=False,
    ),
    within(
        Verb.DECLINE,
        r"\A(?!his\b|her\b|he\b|she\b).*\b(?:can't|cannot|can not|cant|couldn't|won't|wont|unable to) "
        r"(?:come|make|go|be there|get|attend|do it)",
        r"(?<!')\b(?:ill(?! (?:go|come|be|do|sign))|sick|unwell|busy|decline|unavailable|out of town)\b",
        r"(?<!right )\baway\b|\bnot (?:coming|available|able to)|\bno time\b|\A(?:can't|cannot|cant)\Z",
    ),
    whole(
        Verb.DECLINE,
        r"no|nope|can't do",
        strict=False,
    ),
    within(
        Verb.NOT_RECEIVED,
        r"\b(?:got|received) nothing\b",
        r"\b(?:don't|dont|do not|didn't|did not|not|never) (?:know|get|got|receive|received)\b",
    ),
    whole(
        Verb.LATER,
        r"(?:a bit )?later|in a (?:while|bit|moment)|wait|not now|one moment",
    ),
    whole(
        Verb.HERE,
        rf"{_ME_EN}(?:here|on post|at (?:my|the) post|in position|arrived|on duty)(?: now)?",
    ),
    whole(
        Verb.ACK,
        r"no problem|no issues?|yes|yep|yeah|confirm(?:ed)?",
        strict=False,
    ),
    whole(
        Verb.ACK,
        r"i'?ll be (?:there|on time)|i will be there",
        strict=False,
    ),
    whole(
        Verb.RETURN,
        r"re",
        strict=False,
    ),
)
