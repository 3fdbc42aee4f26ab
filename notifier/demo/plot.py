"""What happens this evening. People act when their phone tells them something, never by the clock."""

import asyncio
from datetime import timedelta

from notifier.demo import evening
from notifier.demo.evening import Who
from notifier.demo.narrator import Narrator
from notifier.demo.stage import Stage
from notifier.domain.ids import BroadcastId, PersonId
from notifier.domain.policy import Kind
from notifier.engine.broadcasts import Order
from notifier.sandbox.phones import Channel

RELAY_WITHIN = timedelta(minutes=40)


async def play_evening(stage: Stage, narrator: Narrator) -> BroadcastId:
    """The whole evening; returns the commendation's id. Raises StoryBroke where it goes another way."""
    narrator.scene("提醒与到岗", "Reminders go out; two come")
    await remind_and_arrive(stage)
    narrator.scene("有人没来，逐级呼叫", "One never comes: the calls climb")
    await miss_and_escalate(stage)
    narrator.scene("副书记派人，有人到岗", "The deputy finds somebody; everybody stands down")
    await send_a_stand_in(stage)
    narrator.scene("表扬，逐村转达", "A commendation, to be passed on by each village")
    praised = await praise(stage)
    narrator.scene("交班签清单，书记核实", "The shift ends: lists are signed and verified")
    await sign_and_verify(stage)
    narrator.scene("转达截止，催一个村", "The relay's deadline: one village is called")
    await chase_the_relay(stage)
    narrator.scene("一张清单没签", "One list stays unsigned: it is called for")
    await sign_late(stage)
    return praised


async def remind_and_arrive(stage: Stage) -> None:
    """One answers and presses a button, one texts, one reads his reminder and does nothing."""
    await asyncio.gather(_arrive_by_button(stage), _arrive_by_text(stage), _only_read(stage))


async def _arrive_by_button(stage: Stage) -> None:
    someone = stage.human(Who.AT_THE_GATE)
    reminder = await someone.gets("请到岐元村卡口", Channel.TELEGRAM)
    someone.answers(reminder, "收到{}")
    await stage.pass_minutes(8)
    someone.presses(reminder, "到岗")
    await someone.gets("已记到岗")


async def _arrive_by_text(stage: Stage) -> None:
    someone = stage.human(Who.BY_SMS)
    reminder = await someone.gets("请到御营村卡口", Channel.SMS)
    await stage.pass_minutes(5)
    someone.answers(reminder, "到岗{}")
    await someone.gets("已记到岗", Channel.SMS)


async def _only_read(stage: Stage) -> None:
    await stage.human(Who.NEVER_CAME).gets("请到泗塘村卡口")


async def miss_and_escalate(stage: Stage) -> None:
    """Nobody is there after the grace: the rostered, the secretary and the deputy are called in turn."""
    absent, secretary = stage.human(Who.NEVER_CAME), stage.human(Who.SLEEPING_SECRETARY)
    deputy = stage.human(Who.DEPUTY)
    await absent.gets("还没收到您的到岗", Channel.TELEGRAM)
    await secretary.gets("缺1人", Channel.TELEGRAM)
    await secretary.gets("缺1人", Channel.SMS)
    call = await deputy.gets("缺1人", Channel.SMS)
    deputy.answers(call, "收到{}")
    await secretary.gets(f"{deputy.name}.*已接手")
    await absent.gets(f"{deputy.name}.*已在安排")


async def send_a_stand_in(stage: Stage) -> None:
    """The deputy rings a neighbour, who walks over; the deputy enters him, and all are told it is over."""
    deputy, stand_in = stage.human(Who.DEPUTY), stage.human(Who.STEPS_IN)
    taken = await deputy.gets("交给您了", Channel.SMS)
    await stage.pass_minutes(6)
    deputy.answers(taken, f"代 {stand_in.name} 到岗{{}}")
    await stand_in.gets("代您记了到岗", Channel.SMS)
    for called in (Who.NEVER_CAME, Who.SLEEPING_SECRETARY, Who.DEPUTY):
        await stage.human(called).gets(f"已有人：{stand_in.name}")


async def praise(stage: Stage) -> BroadcastId:
    """The city praises two villages; one secretary says at once how many he told."""
    order = Order(
        kind=Kind.COMMENDATION,
        title="守卡表扬",
        body="你们守卡认真，市里通报表扬。",
        audience=evening.PRAISED,
        author=PersonId(Who.AUTHOR),
        relay=True,
        reply_by=RELAY_WITHIN,
        start_at=None,
    )
    praised = await stage.parts.broadcasts.prepare(order, stage.parts.station.now(), lambda _: None)
    secretary = stage.human(Who.GATE_SECRETARY)
    asked = await secretary.gets("转达", Channel.TELEGRAM)
    await stage.pass_minutes(3)
    secretary.answers(asked, "转达{} 6人")
    await secretary.gets("已转达6人")
    return praised


async def sign_and_verify(stage: Stage) -> None:
    """Two sign in time, one of them with an exception; both secretaries verify; the third does not sign."""
    await asyncio.gather(_sign_except_one(stage), _sign_all(stage), _do_not_sign(stage))


async def _sign_except_one(stage: Stage) -> None:
    signer, secretary = stage.human(Who.AT_THE_GATE), stage.human(Who.GATE_SECRETARY)
    asked = await signer.gets("8项清单", Channel.TELEGRAM)
    await stage.pass_minutes(2)
    signer.answers(asked, "签{} 除3")
    await signer.gets("已签.*7项做了")
    secretary.presses(await secretary.gets("请核实", Channel.TELEGRAM), "核实")
    await signer.gets("清单已核实")


async def _sign_all(stage: Stage) -> None:
    signer, secretary = stage.human(Who.BY_SMS), stage.human(Who.FORGETFUL_SECRETARY)
    asked = await signer.gets("签", Channel.SMS)
    await stage.pass_minutes(4)
    signer.answers(asked, "签{}")
    await signer.gets("已签.*8项做了", Channel.SMS)
    secretary.presses(await secretary.gets("请核实", Channel.TELEGRAM), "核实")
    await signer.gets("清单已核实")


async def _do_not_sign(stage: Stage) -> None:
    await stage.human(Who.STEPS_IN).gets("签", Channel.SMS)


async def chase_the_relay(stage: Stage) -> None:
    """The author hears how it stands; the silent village is called, answers, and the author hears the end."""
    author, secretary = stage.human(Who.AUTHOR), stage.human(Who.FORGETFUL_SECRETARY)
    await secretary.gets("转达", Channel.TELEGRAM)
    await author.gets("截止：2村中1村已转达，共6人")
    call = await secretary.gets("应.*前转达", Channel.TELEGRAM)
    secretary.answers(call, "转达{} 4人")
    await secretary.gets("已转达4人")
    await author.gets("办结：2村中2村已转达，共10人")


async def sign_late(stage: Stage) -> None:
    """The grace is over: the signer is called, signs late, and the secretary, awake by now, verifies."""
    signer, secretary = stage.human(Who.STEPS_IN), stage.human(Who.SLEEPING_SECRETARY)
    call = await signer.gets("还没签|该签了", Channel.SMS)
    await stage.pass_minutes(3)
    signer.answers(call, "签{}")
    await signer.gets("已签（迟签）", Channel.SMS)
    secretary.presses(await secretary.gets("请核实", Channel.TELEGRAM), "核实")
    await signer.gets("清单已核实")
