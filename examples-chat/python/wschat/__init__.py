"""A chat server on wscodec.asyncio and Redis; ../../PROTOCOL.md says what it does.

main.py            the process: from its options to its exit status
options.py         the command line
server.py          the server, and which requests it accepts
connection.py      a connection of this server: limits, the address of the client
proxy_protocol.py  the address of the client, if a proxy says it
pages.py           what plain HTTP gets
conversation.py    what a client says, and what it is told
protocol.py        the messages of both sides, without I/O
room.py            a room, and who gets what happens there
rooms.py           the rooms of this process: opened, filled again, closed
feed.py            the connection to Redis on which everything that is published arrives
store.py           the commands to Redis
presence.py        keeps members alive, and removes those of dead processes
draining.py        the end of the process
limits.py          rates, numbers of connections, slow readers
metrics.py         figures for Prometheus
logs.py            the log, for people or as JSON
"""
