"""What texts and events are about, in a few words: for who watches, not for who is called."""

TEMPLATES = {
    "reminder_early": "reminder: will you come?",
    "reminder_late": "reminder: please be at the post, then say so",
    "on_post": "noted: on post",
    "reminder_acked": "thank you; see you at the post",
    "call_unstaffed_rostered": "call: your post is empty; are you there, on the way, or unable?",
    "call_unstaffed": "call: a post is one short and the rostered does not answer; will you see to it?",
    "call_unstaffed_above": "call to the town: nobody in the village answers",
    "call_unstaffed_desk": "call to the duty desk",
    "taken": "thank you, it is yours now",
    "taken_unstaffed": "thank you, it is yours now; say who came",
    "who_has_it": "somebody has taken it; you need do nothing more",
    "who_has_it_rostered": "somebody is seeing to it; should you still come, say so",
    "proxied": "noted on his behalf",
    "proxied_told": "somebody entered you as on post; object if that is wrong",
    "stand_down_unstaffed": "stand down: somebody is on post",
    "stand_down": "stand down: it is done",
    "sheet_ask": "the list to sign: what was done this shift?",
    "sheet_signed": "signed; now to be verified",
    "sheet_verify": "please verify: correct, or return it?",
    "sheet_verified": "the list is verified, thank you",
    "call_unsigned_signer": "call: your list is not signed yet",
    "call_unsigned": "call: a list in your village is not signed",
    "commendation": "commendation, to everybody in the village",
    "relay_ask": "please pass the praise on and say how many you told",
    "relay_noted": "noted: so many told",
    "call_unrelayed": "call: the deadline is past; how many did you tell?",
    "summary_first": "summary to the author at the deadline",
    "summary_final": "final summary: every village has answered",
    "lapsed_unstaffed": "nobody came yet: the next is asked",
    "exhausted": "nobody left to call: the duty desk",
}
"""English for a text, by the name of its template."""

KINDS = {
    "unstaffed": ("缺岗", "post not kept"),
    "unsigned": ("清单未签", "list not signed"),
    "unverified": ("清单未核实", "list not verified"),
    "unrelayed": ("未转达", "not passed on"),
}

EVENTS = {
    "opened": ("立案", "case opened"),
    "acknowledged": ("接手", "took it"),
    "declined": ("不便", "declined"),
    "passed_over": ("跳过", "passed over"),
    "lapsed": ("逾期，再请下一位", "hold lapsed"),
    "exhausted": ("已请遍", "nobody left to call"),
    "on_post": ("到岗", "on post"),
    "shift_over": ("交班", "shift over"),
    "signed": ("签字", "signed"),
    "verified": ("核实", "verified"),
    "returned": ("退回", "returned"),
    "relayed": ("转达", "passed on"),
    "resolved": ("办结", "case closed"),
    "cancelled": ("撤案", "case cancelled"),
    "alarm": ("告警", "alarm"),
}
"""The journal's lines that are told; calls and tellings show on the phones themselves."""

RECEIVED = ("收到", "received")
"""An acknowledgement where no case is open: of a reminder."""

REASONS = {
    "called_before": "已叫过 called before",
    "vacant: deputy_secretary": "副书记空缺 vacant",
    "0 of 1 on post": "0/1 人在岗",
    "1 of 1 were on post": "1/1 人在岗",
    "not signed": "",
    "no answer known by the deadline": "",
    "staffed": "有人到岗 somebody is there",
    "late": "迟签 signed late",
    "signed": "已签 signed",
    "relayed": "已转达 passed on",
}
