from __future__ import annotations

import asyncio
import base64

from client_peers import proxying, serving
from programs import Stage


def check(stage: Stage, client: str) -> None:
    async def main() -> str:
        async with proxying() as proxy, serving() as port:
            stage.replaced = {"3128": str(proxy.port), "8765": str(port)}
            output = await asyncio.to_thread(stage.run, client)
            (request,) = proxy.requests
            assert request.startswith(b"CONNECT server.example:%d HTTP/1.1\r\n" % port)
            assert b"Basic " + base64.b64encode(b"user:password") in request
            return output

    assert asyncio.run(main()) == "Hello\n"
