import asyncio
import ssl

from websockets.asyncio.server import ServerConnection, serve


async def echo(websocket: ServerConnection) -> None:
    async for message in websocket:
        await websocket.send(message)


async def main() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("localhost.pem", "localhost.key")
    async with serve(echo, "localhost", 8765, ssl=context) as server:
        await server.serve_forever()


asyncio.run(main())
