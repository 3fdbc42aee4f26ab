"""`python -m notifier.sandbox`: the sandbox as a process of its own, until it is interrupted."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from notifier.sandbox.options import (
    NO_TELEGRAM_LIMITS,
    SandboxOptions,
    TelegramLimits,
    TelegramOptions,
    TwilioOptions,
)
from notifier.sandbox.serve import serve_sandbox


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line. Ends the process with status 2 if it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m notifier.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000, help="0 takes a free one (default 9000)")
    parser.add_argument("--telegram-token", action="append", default=[], help="allow only these bots")
    parser.add_argument("--closed-chats", action="store_true", help="chats must start the bot first")
    parser.add_argument("--no-limits", action="store_true", help="lift Telegram's limits")
    parser.add_argument("--twilio-account-sid")
    parser.add_argument("--twilio-auth-token")
    parser.add_argument("--twilio-sender", action="append", default=[], help="allow only these senders")
    parser.add_argument("--twilio-rate", type=int, help="segments a second of each sender")
    parser.add_argument("--inbound-url", help="where texts that people write are posted")
    return parser.parse_args(arguments)


def options_of(chosen: argparse.Namespace) -> SandboxOptions:
    """What the command line asks for."""
    return SandboxOptions(
        telegram=TelegramOptions(
            tokens=tuple(chosen.telegram_token),
            open_chats=not chosen.closed_chats,
            limits=NO_TELEGRAM_LIMITS if chosen.no_limits else TelegramLimits(),
        ),
        twilio=TwilioOptions(
            account_sid=chosen.twilio_account_sid,
            auth_token=chosen.twilio_auth_token,
            senders=tuple(chosen.twilio_sender),
            segments_per_second=chosen.twilio_rate,
            inbound_url=chosen.inbound_url,
        ),
    )


async def run(chosen: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM; the address goes to stdout first. Raises OSError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, stop.set)
    async with serve_sandbox(options_of(chosen), host=chosen.host, port=chosen.port) as running:
        sys.stdout.write(f"{running.url}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> int:
    """Exit status 0, or 1 if the port is taken."""
    chosen = parse(sys.argv[1:])
    try:
        asyncio.run(run(chosen))
    except OSError as wrong:
        sys.stderr.write(f"the sandbox cannot listen on {chosen.host}:{chosen.port}: {wrong.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
