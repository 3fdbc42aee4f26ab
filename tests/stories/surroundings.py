"""What stands around a duty station: the carriers, the settings, and the public address."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from notifier.config import Config, load_config, shipped
from notifier.engine.clock import ManualClock
from notifier.sandbox.options import NO_TELEGRAM_LIMITS, SandboxOptions, TelegramOptions, TwilioOptions
from notifier.sandbox.serve import RunningSandbox

TOKEN = "7001:story-secret"
SID = "AC" + "5" * 32
AUTH = "story-auth"
SENDER = "+15550100001"
NO_ENV_FILE = Path("/dev/null")


class Front:
    """Stands at the public address, in front of whichever engine runs; takes alarms."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        self.alarms: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["path"] == "/alarm":
            self.alarms.append(json.loads(await _body(receive)))
            await _answer(send, 200)
        elif self.app is None:
            await _answer(send, 503)
        else:
            await self.app(scope, receive, send)


def config_for(url: str, city: Path, carriers: str, public: str, settings: Mapping[str, Any]) -> Config:
    """Settings with both channels on, against the sandbox, and nothing paced."""
    given: dict[str, Any] = {
        "database_url": url,
        "schedules_dir": city,
        "templates_dir": shipped("templates"),
        "telegram_token": SecretStr(TOKEN),
        "telegram_api_url": carriers,
        "telegram_rate": 0,
        "telegram_chat_rate": 0,
        "telegram_group_rate": 0,
        "twilio_account_sid": SID,
        "twilio_auth_token": SecretStr(AUTH),
        "twilio_from": (SENDER,),
        "twilio_api_url": carriers,
        "twilio_rate": 0,
        # The fixture's people have +86 numbers, whose answers Twilio does not carry; here they may answer.
        "sms_replies": "yes",
        "public_url": public,
        "alarm_url": f"{public}/alarm",
    }
    return load_config(NO_ENV_FILE, **{**given, **settings})


def carriers(clock: ManualClock, public: str) -> SandboxOptions:
    """Carriers without limits, whose receipts come at once."""
    return SandboxOptions(
        telegram=TelegramOptions(tokens=(TOKEN,), open_chats=False, limits=NO_TELEGRAM_LIMITS),
        twilio=TwilioOptions(
            account_sid=SID,
            auth_token=AUTH,
            senders=(SENDER,),
            inbound_url=f"{public}/hooks/twilio/inbound",
            sent_after=0.0,
            delivered_after=0.0,
        ),
        now=clock.now,
    )


def register_people(sandbox: RunningSandbox, city: Path) -> None:
    """A phone for everybody in people.csv, as it stands there; nobody else has started the bot."""
    with (city / "people.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            digits = row["phone"].replace(" ", "").removeprefix("+86")
            sandbox.state.register(
                name=row["name"],
                phone_id=row["id"],
                number=f"+86{digits}" if digits else None,
                chat=int(row["telegram"]) if row["telegram"] else None,
            )


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})
