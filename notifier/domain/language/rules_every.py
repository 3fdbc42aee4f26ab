"""收到 said of everything in a list, and of nothing else; matched against the whole normalised text."""

import re

EVERYTHING = re.compile(
    r"\A(?:收到|知道了?|好的?)[ ,]*(?:全部|所有的?)(?:了|收到)?\Z"
    r"|\A(?:全部?|所有的?|都)[ ,]*(?:收到|由我跟进|我跟进|我来跟进)了?\Z"
    r"|\A(?:ok|received|ack|got)[ ,]*(?:them )?all(?: of them)?\Z|\Aall(?: of them)?[ ,]*received\Z"
)
