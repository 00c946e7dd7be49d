from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

with connect("ws://localhost:8765") as websocket:
    websocket.send("Ada")
    print(websocket.recv())
    websocket.send(b"Grace")
    print(websocket.recv(timeout=10))
    try:
        websocket.recv(timeout=0.1)
    except TimeoutError:
        print("silence")
    print(websocket.ping().wait(10))
    websocket.close()
    try:
        websocket.send("too late")
    except ConnectionClosed as error:
        print(error.rcvd is not None and error.rcvd.code)
