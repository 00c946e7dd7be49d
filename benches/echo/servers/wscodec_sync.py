"""An echo server on wscodec.sync, with a thread for each connection."""

import sys

from wscodec.sync import ServerConnection, serve


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


options = {"compression": None, "ping_interval": None, "backlog": 1024}
with serve(echo, "127.0.0.1", int(sys.argv[-1]), **options) as server:
    server.serve_forever()
