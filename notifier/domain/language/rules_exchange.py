"""Rules for who changes shifts with somebody, or stands one for him; read against the whole text.

Both name somebody. 换班 alone is what people say who leave, 我来 and 我顶 what takes a search for cover.
"""

from notifier.domain.language.model import Verb
from notifier.domain.language.rule import GIVEN_EN, LETTER, SOMEBODY, Rule, whole

_ID = r"[a-z]{1,4}\d{1,8}"
_ANYBODY = rf"(?!值|顶|替|班|岗|上|下|一|了|啦|完|吧|时|表)(?:{LETTER}{{2,8}}?(?: ?{_ID})?|{_ID})"
_FAMILIAR = rf"(?!上|下|一)(?:{SOMEBODY}(?: ?{_ID})?|{_ID})"
"""Where nothing but a name tells what is meant, it must look like one."""
_ANYBODY_EN = rf"(?!shifts?\b|the\b|my\b|me\b|it\b|a\b)(?:{_ID}|{GIVEN_EN}(?: {_ID})?)"
_SWAPS = r"(?:换一?下?班|对?调一?下?班|对换)"

EXCHANGES: tuple[Rule, ...] = (
    whole(
        Verb.SWAP,
        rf"我?(?:想|要|申请){{0,2}}(?:和|跟|与|同|找)(?P<name>{_ANYBODY}){_SWAPS}(?:吧|行吗)?",
        rf"我?(?:想|要|申请){{0,2}}{_SWAPS}(?:给|和|跟|与|找|,)?(?P<other>{_ANYBODY})",
        rf"(?:i )?(?:want to |would like to )?swap(?: shifts?)?(?: with)? (?P<third>{_ANYBODY_EN})",
    ),
    whole(
        Verb.STAND_IN,
        rf"我?(?:来|去|可以|愿意){{0,2}}(?:替|顶)(?P<name>{_ANYBODY})(?:的班|值班|值守|顶班|上班|上岗)",
        rf"我?(?:来|去|可以|愿意){{0,2}}(?:替|顶)(?P<other>{_FAMILIAR})",
        rf"(?:i can |i will |i'll |i )?(?:cover|stand in) for (?P<third>{_ANYBODY_EN})",
    ),
)
