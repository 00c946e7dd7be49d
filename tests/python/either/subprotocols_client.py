from typing import Any, cast

from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.sync.client import connect

URI = "ws://localhost:8765"
V: Any = ["v1", "v2"]

with connect(URI, subprotocols=V) as websocket:
    print(websocket.recv(), websocket.subprotocol)

for origin in ("https://chat.example", "https://chat.test"):
    try:
        with connect(URI, subprotocols=V[:1], origin=cast(Any, origin)) as websocket:
            print(websocket.recv())
    except InvalidStatus as error:
        print(error.response.status_code)

try:
    with connect(URI):
        pass
except InvalidHandshake as refused:
    print(isinstance(refused, InvalidStatus) and refused.response.status_code)
