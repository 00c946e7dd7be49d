from websockets.sync.server import ServerConnection, serve


def hello(websocket: ServerConnection) -> None:
    for name in websocket:
        websocket.send(f"Good morning, {name!r}!")


with serve(hello, "localhost", 8765) as server:
    server.serve_forever()
