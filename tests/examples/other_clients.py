"""The conversation with clients of other libraries."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess

import aiohttp
import websocket
import websockets.asyncio.client
import websockets.sync.client
from conversation import (
    CLOSE_CODE,
    CLOSE_REASON,
    FRAGMENTS,
    MESSAGES,
    OFFERED,
    PATIENCE,
    Client,
    Seen,
    Visit,
    talk,
    talk_in_thread,
)
from node import node
from shared_tls import for_threads
from websocket import ABNF


def websockets_sync(visit: Visit) -> Seen:
    options = visit.options()
    for_threads(options["ssl"])
    with websockets.sync.client.connect(visit.url, **options) as client:
        return talk_in_thread(client, bool(client.protocol.extensions))


def websockets_asyncio(visit: Visit) -> Seen:
    async def main() -> Seen:
        async with websockets.asyncio.client.connect(visit.url, **visit.options()) as client:
            return await talk(client, bool(client.protocol.extensions))

    return asyncio.run(asyncio.wait_for(main(), PATIENCE))


def aiohttp_(visit: Visit) -> Seen:
    async def main() -> Seen:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(
                visit.url,
                ssl=visit.context() or True,
                protocols=OFFERED,
                compress=15 if visit.compression else 0,
                max_msg_size=0,
                autoping=False,
            ) as client,
        ):
            seen = Seen(client.protocol, bool(client.compress))
            for message in MESSAGES:
                if isinstance(message, str):
                    await client.send_str(message)
                else:
                    await client.send_bytes(message)
                seen.echoes.append((await client.receive()).data)
            await client.send_str("".join(FRAGMENTS))  # it cannot send fragments
            seen.echoes.append((await client.receive()).data)
            await client.ping(b"payload")
            pong = await client.receive()
            assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"payload")
            await client.close(code=CLOSE_CODE, message=CLOSE_REASON.encode())
            seen.close_code = client.close_code
            return seen

    return asyncio.run(asyncio.wait_for(main(), PATIENCE))


def websocket_client(visit: Visit) -> Seen:
    """It has no compression."""
    client = websocket.create_connection(
        visit.url,
        timeout=PATIENCE,
        subprotocols=OFFERED,
        sslopt={"context": visit.context()} if visit.cafile else {},
    )
    seen = Seen(client.getsubprotocol())

    def receive() -> None:
        opcode, frame = client.recv_data_frame()
        data = frame.data
        seen.echoes.append(data.decode() if opcode == ABNF.OPCODE_TEXT else data)

    for message in MESSAGES:
        is_text = isinstance(message, str)
        client.send(message, ABNF.OPCODE_TEXT if is_text else ABNF.OPCODE_BINARY)
        receive()
    first, middle, last = [part.encode() for part in FRAGMENTS]
    client.send_frame(ABNF.create_frame(first, ABNF.OPCODE_TEXT, 0))
    client.send_frame(ABNF.create_frame(middle, ABNF.OPCODE_CONT, 0))
    client.send_frame(ABNF.create_frame(last, ABNF.OPCODE_CONT, 1))
    receive()
    client.ping(b"payload")
    assert client.recv_data_frame(control_frame=True)[0] == ABNF.OPCODE_PONG
    client.send_close(CLOSE_CODE, CLOSE_REASON.encode())
    opcode, frame = client.recv_data_frame()
    assert opcode == ABNF.OPCODE_CLOSE
    seen.close_code = int.from_bytes(frame.data[:2], "big")
    assert client.sock
    client.sock.close()
    return seen


# In Node: the program reads what to do, and writes what it has seen, as JSON.


def ws(visit: Visit) -> Seen:
    return in_node("ws_client.cjs", visit)


def chromium(visit: Visit) -> Seen:
    """It always offers compression."""
    return in_node("chromium.cjs", visit)


def in_node(script: str, visit: Visit) -> Seen:
    told = {
        **{"url": visit.url, "cafile": visit.cafile, "compression": visit.compression},
        **{"offered": OFFERED, "code": CLOSE_CODE, "reason": CLOSE_REASON},
        **{"messages": [packed(message) for message in MESSAGES], "fragments": FRAGMENTS},
    }
    done = subprocess.run(
        node(script),
        input=json.dumps(told),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=6 * PATIENCE,
    )
    found = json.loads(done.stdout)
    echoes = [unpacked(message) for message in found["echoes"]]
    return Seen(found["protocol"], bool(found["extensions"]), echoes, found["code"])


def packed(message: str | bytes) -> dict[str, str]:
    if isinstance(message, str):
        return {"text": message}
    return {"base64": base64.b64encode(message).decode()}


def unpacked(message: dict[str, str]) -> str | bytes:
    return message["text"] if "text" in message else base64.b64decode(message["base64"])


CLIENTS: dict[str, Client] = {
    "websockets": websockets_asyncio,
    "websockets.sync": websockets_sync,
    "aiohttp": aiohttp_,
    "websocket-client": websocket_client,
    "ws": ws,
    "Chromium": chromium,
}
