"""Reading what was posted, with a bound on its size and on the time it may take."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

MAX_BODY: Final = 1024 * 1024
"""Bytes. Both carriers stay far below it."""
READ_S: Final = 10.0


async def read_body(request: Request) -> bytes:
    """The whole body. Raises HTTPException: 413 beyond MAX_BODY, 408 after READ_S, 400 when it was cut."""
    if _declared(request) > MAX_BODY:
        raise HTTPException(413)
    try:
        async with asyncio.timeout(READ_S):
            return await _collect(request)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None


def _declared(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < len("1" * 19) else 0


async def _collect(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413)
    return bytes(body)
