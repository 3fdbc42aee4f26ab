"""Calls from the carriers to the program's webhooks, and the tasks that make them."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import aiohttp

TIMEOUT = aiohttp.ClientTimeout(total=15)


class Courier:
    """One HTTP client for all webhooks. No redirects, no proxies, no cookies."""

    def __init__(self) -> None:
        """Connects to nothing yet."""
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def post_json(self, url: str, value: Any, headers: Mapping[str, str]) -> int | None:
        """The status of the answer; None if there was none."""
        return await self._post(url, headers, json=value)

    async def post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> int | None:
        """The status of the answer; None if there was none."""
        return await self._post(url, headers, data=dict(form))

    async def _post(self, url: str, headers: Mapping[str, str], **content: Any) -> int | None:
        try:
            posting = self._open().post(url, headers=dict(headers), allow_redirects=False, **content)
            async with posting as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            # The transports close in the loop's next rounds; a test's loop may have none unless it waits.
            await asyncio.sleep(0)


class Background:
    """Tasks that live no longer than the sandbox."""

    def __init__(self) -> None:
        """None yet."""
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something until it ends or the sandbox does."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Cancel all and see them end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
