"""Reading what was posted, with a bound on its size, on the time it may take, and on all of it together."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

MAX_BODY: Final = 1024 * 1024
"""Bytes. Both carriers stay far below it."""
MAX_TOGETHER: Final = 64 * MAX_BODY
"""Bytes that all requests of one app may hold while they are being read."""
READ_S: Final = 10.0
COME_AGAIN_S: Final = 5


class Bodies:
    """Reads the bodies of one app's requests."""

    def __init__(self) -> None:
        """Nothing is held."""
        self._held = 0

    async def read(self, request: Request) -> bytes:
        """The whole body. Raises HTTPException: 413 beyond MAX_BODY, 408 after READ_S, 400 when it was cut.

        503 when others that are being read fill MAX_TOGETHER: whoever posts is to come again.
        """
        if _declared(request) > MAX_BODY:
            raise HTTPException(413)
        body = bytearray()
        try:
            async with asyncio.timeout(READ_S):
                await self._collect(request, body)
        except TimeoutError:
            raise HTTPException(408) from None
        except ClientDisconnect:
            raise HTTPException(400) from None
        finally:
            self._held -= len(body)
        return bytes(body)

    async def _collect(self, request: Request, body: bytearray) -> None:
        async for chunk in request.stream():
            self._held += len(chunk)
            body += chunk
            if len(body) > MAX_BODY:
                raise HTTPException(413)
            if self._held > MAX_TOGETHER:
                raise HTTPException(503, headers={"Retry-After": str(COME_AGAIN_S)})


def _declared(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < len("1" * 19) else 0
