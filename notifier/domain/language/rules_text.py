"""Rules read against the whole text, commas and all; the first that fits wins."""

import re

from notifier.domain.language import vocabulary as words
from notifier.domain.language.model import Verb
from notifier.domain.language.rule import (
    ALL,
    BUT,
    DONE,
    ITEMS,
    ME,
    NUMBER,
    SIGN,
    UNDONE,
    Rule,
    whole,
    within,
)

_DENIED = r"\A(?!.*(?:没|未|不)(?:有)?(?:到|去|在))"

WHOLE_TEXT: tuple[Rule, ...] = (
    within(
        Verb.SOMEONE_ELSE,
        r"我是\w{0,6}?(?:老婆|爱人|妻子|媳妇|老公|丈夫|儿子|女儿|孩子|家人|家属|妈|爸|母亲|父亲)",
        r"(?:他|她|机主|本人)(?:已经?|现在)?(?:睡了|睡着|不在家|不在身边|出去了|没带手机|去世|过世)",
        r"\b(?:his|her) (?:wife|husband|son|daughter|mother|father)\b",
        r"\b(?:he|she)(?:'s| is) (?:asleep|sleeping|out)\b",
    ),
    within(
        Verb.WRONG_NUMBER,
        r"打错(?:了|人|电话){0,3}(?:\Z|,)|发错(?:了?人|号)|认错人|号码错|错号|不认识你们|换号了",
        r"(?:\A|,)(?:我?不是我|不是本人|我不是\w{2,4})(?:\Z|,)|\bwrong (?:number|person)\b",
        r"\A(?:it's |it is )?not me\Z",
    ),
    whole(
        Verb.UNDO,
        r"撤销|撤回|(?:我?刚才?)?(?:点|按|发|回|记|打|输|选)错(?:了|字|字了)?",
        r"undo|take back|my mistake|wrong button",
    ),
    within(
        Verb.STOP,
        r"别(?:再|给我){0,2}发|(?:不要|不用|请勿|停止|少)(?:再|给我){0,2}发|停发|不想再?收",
        r"取消订阅|退订|\bstop\b|\b(?:don't|do not|dont|no more) (?:text|send|message|sms)|\bunsubscribe\b",
        strict=False,
    ),
    within(
        Verb.CLAIM,
        rf"{_DENIED}.*(?:昨|前(?:晚|天|夜|日)).*(?:到|在岗|值了|去了)",
        rf"{_DENIED}.*(?:到|在岗).*(?:忘|漏)(?:了|记){{0,2}}(?:回|报|发|说|签到|打卡)",
        r"\A(?!.*\b(?:not|wasn't)\b).*\bwas (?:there|here|on post)\b|\bforgot to (?:answer|reply|report)\b",
    ),
    whole(
        Verb.SIGN,
        rf"(?:{ALL}{SIGN}{DONE}|sign(?:ed)?(?: off)?(?: all| everything| the rest)?)"
        rf",? ?{BUT} ?{ITEMS}{UNDONE}(?:,?{ALL}(?:{SIGN}|做){DONE})?",
        rf"{BUT} ?{ITEMS.replace('items', 'first')}{UNDONE},? ?"
        rf"(?:{ALL}{SIGN}{DONE}|(?:all )?sign(?:ed)?(?: all| the rest)?)",
    ),
    within(
        Verb.SIGN, rf"(?:除了?|\bexcept(?: for)?) ?{ITEMS}", rf"{SIGN}.*除|\bsign.*\bexcept\b", strict=False
    ),
    within(
        Verb.NOT_DONE, rf"{ITEMS}[, ]?(?:都|还|也|是){{0,2}}(?:没|未|not\b|isn't\b)(?!问题|事|关系|到|来)"
    ),
    within(Verb.NOT_DONE, rf"(?:(?:没有?|未)(?:做|完成|办)(?:的?是)?|\bnot done:? ?){ITEMS}"),
    whole(
        Verb.SIGN,
        rf"(?:{ME}{SIGN}了?|sign(?:ed)? ){ITEMS}",
        rf"{ITEMS.replace('items', 'first')}(?:已|都)?{SIGN}了?",
        strict=False,
    ),
)

LANGUAGE = re.compile(
    rf"\A(?:语言|language|lang) ?(?P<language>{'|'.join(words.LANGUAGES)})\Z"
    r"|\A(?:切换|换成|改成|用)(?P<other>中文|英文|英语)\Z"
)

VOUCHER = re.compile(
    r"\A请?补[发办](?:[一1]?个)?(?:登记码|登记链接|登记|链接|码)?给?[ ,]*(?P<name>.{0,60})\Z"
    r"|\A(?:re-?issue )?voucher(?: code)?(?: for)?\b[ ,]*(?P<other>.{0,60})\Z"
)

_TO_RETURN = (
    r"退回|打回|驳回|情况?不属实|并?不属实|不符合?|不实|不真实|有问题|不对"
    r"|(?:it's |it is |this is )?(?:not true|not correct|incorrect|untrue)|return(?:ed)?\b|reject(?:ed)?\b"
)
_TO_LEAVE = (
    r"(?:我|想|要|需要|得|今晚|今天|申请){0,4}(?:请个?(?:病|事|年)?假|病假|事假)"
    r"|(?:i )?(?:ask for |request |need |take )?(?:a )?leave\b(?! post)(?: request)?|day off"
)


def _reasoned(verb: Verb, said: str) -> Rule:
    edge = r"[ ,:]*+"
    pattern = (
        rf"\A(?P<before>{NUMBER})?{edge}(?:{said}){edge}(?P<after>{NUMBER})?{edge}"
        rf"(?P<reason>.*?)[ ,]?(?P<last>{NUMBER})?\Z"
    )
    return Rule(verb=verb, pattern=re.compile(pattern, re.DOTALL))


_TO_WITHDRAW = r"(?:此岗|本岗|岗)?(?:已|要)?(?:撤岗|撤卡|撤点)|withdraw(?:n)?(?: (?:the )?post)?"

_TO_REFUSE = (
    r"我?(?:不同意|不批准?|不准假?)(?:请假)?"
    r"|(?:i )?(?:refuse|do not agree|don't agree|disagree)(?: to (?:it|the leave))?"
)

REASONED: tuple[Rule, ...] = (
    _reasoned(Verb.REFUSE, _TO_REFUSE),
    _reasoned(Verb.RETURN, _TO_RETURN),
    _reasoned(Verb.LEAVE, _TO_LEAVE),
    _reasoned(Verb.WITHDRAW, _TO_WITHDRAW),
)
"""Read with the numbers still in the text: all that follows the word is the reason, figures too."""

NO_REASON = frozenset({"", "了", "加原因", "原因", "reason", "的"})
"""What stands where a reason should, when somebody copies our own example."""
