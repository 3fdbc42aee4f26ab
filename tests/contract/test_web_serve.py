"""The app on a real socket."""

import asyncio
import signal

import httpx
import pytest
from fastapi import FastAPI

from notifier.errors import InputError
from notifier.store.database import Database
from notifier.web.serve import serve
from tests.contract.web_client import open_site


async def test_served_on_a_free_port_without_taking_the_programs_signals(sqlite_database: Database) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    site = open_site(sqlite_database)
    async with serve(site.app, "127.0.0.1", 0) as url, httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/healthz")
        assert answer.status_code == 200
        assert "server" not in answer.headers
        assert "date" in answer.headers
        assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/healthz")


async def test_a_port_that_is_taken_is_named_with_the_mend(sqlite_database: Database) -> None:
    site = open_site(sqlite_database)
    async with serve(site.app, "127.0.0.1", 0) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(InputError, match=rf"127\.0\.0\.1 port {port} .*NOTIFIER_HTTP_PORT") as taken:
            async with serve(site.app, "127.0.0.1", port):
                pass
    assert "\n" not in str(taken.value)
    async with serve(site.app, "127.0.0.1", port) as again:
        assert again == url


async def test_a_request_that_runs_is_answered_before_the_end() -> None:
    app, begun = FastAPI(), asyncio.Event()

    @app.get("/slow")
    async def slow() -> str:
        begun.set()
        await asyncio.sleep(0.3)
        return "done"

    async with httpx.AsyncClient() as client:
        async with serve(app, "127.0.0.1", 0) as url:
            request = asyncio.create_task(client.get(f"{url}/slow"))
            await begun.wait()
        assert (await request).json() == "done"


async def test_an_address_that_is_not_this_machines_is_refused() -> None:
    with pytest.raises(InputError, match=r"cannot listen on 192\.0\.2\.1"):
        async with serve(FastAPI(), "192.0.2.1", 0):
            pass
