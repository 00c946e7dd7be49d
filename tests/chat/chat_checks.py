"""How a server of the chat behaves, whatever it is written in.

    class TestMine(ChatChecks):
        command = ("./my-server",)

examples-chat/PROTOCOL.md says what a server does. It must take the options of
examples-chat/c/chat_server, name its figures as that does, and print
"listening on http://HOST:PORT" once it is ready.
"""

from __future__ import annotations

from check_ends import EndChecks
from check_hostile import HostileChecks
from check_http import HttpChecks
from check_joins import JoinChecks
from check_limits import LimitChecks
from check_outages import OutageChecks, way
from check_proxies import ProxyChecks
from check_says import SayChecks

__all__ = ["ChatChecks", "way"]


class ChatChecks(
    JoinChecks,
    SayChecks,
    HostileChecks,
    HttpChecks,
    LimitChecks,
    OutageChecks,
    EndChecks,
    ProxyChecks,
):
    command: tuple[str, ...]
