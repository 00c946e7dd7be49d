"""Proxies: which one applies, and CONNECT."""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from itertools import product

import pytest
import websockets.uri
import wscodec.proxy
from wscodec.exceptions import InvalidProxy, InvalidProxyMessage, InvalidProxyStatus
from wscodec.proxy import Proxy, Tunnel, get_proxy, parse_proxy, proxy_for
from wscodec.uri import parse_uri

WS, WSS = parse_uri("ws://server.example/"), parse_uri("wss://server.example:8443/")
PROXY = parse_proxy("http://proxy.example:3128")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://p", Proxy("http", "p", 80)),
        ("https://P:8443/", Proxy("https", "p", 8443)),
        ("https://p", Proxy("https", "p", 443)),
        ("socks5h://p", Proxy("socks5h", "p", 1080)),
        ("socks4://name@p:9", Proxy("socks4", "p", 9, "name", "")),
        ("http://us%40er:p%3Ass@[::1]:1", Proxy("http", "::1", 1, "us@er", "p:ss")),
        ("http://bücher.example:1", Proxy("http", "xn--bcher-kva.example", 1)),
        ("p:8080", Proxy("http", "p", 8080)),
        ("user:secret@p", Proxy("http", "p", 80, "user", "secret")),
    ],
)
def test_a_url_of_a_proxy(url: str, proxy: Proxy) -> None:
    assert parse_proxy(url) == proxy


@pytest.mark.parametrize(
    "url",
    [
        *("", "ftp://p", "http://", "http://p:0", "http://p:x", "http://p/path", "http://p?q"),
        *("http://p#f", "http://user@p", "http://a%3Ab:c@p", "http://p\r\nX: y", "http://[::1"),
    ],
)
def test_an_invalid_url_of_a_proxy_is_refused(url: str) -> None:
    with pytest.raises(InvalidProxy) as caught:
        parse_proxy(url)
    assert caught.value.proxy == url


VARIABLES = ("ws_proxy", "wss_proxy", "socks_proxy", "https_proxy", "http_proxy")


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="settings of the system")
def test_the_environment_means_what_it_means_to_websockets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    websockets_proxy = pytest.importorskip("websockets.proxy")  # not in old versions
    for chosen in product((False, True), repeat=len(VARIABLES)):
        for name, is_set in zip(VARIABLES, chosen):
            monkeypatch.setenv(name, f"http://{name[:-6]}.example") if is_set else (
                monkeypatch.delenv(name, raising=False)
            )
        for uri in ("ws://server.example/", "wss://server.example/"):
            theirs = websockets_proxy.get_proxy(websockets.uri.parse_uri(uri))
            assert get_proxy(parse_uri(uri)) == theirs


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="settings of the system")
@pytest.mark.parametrize(
    ("exempt", "is_exempt"),
    [
        ("server.example", True),
        (".example", True),
        ("other.example, example", True),
        ("server.example:8443", True),
        ("server.example:1", False),
        ("er.example", False),
        ("*", True),
    ],
)
def test_no_proxy_exempts_servers(
    monkeypatch: pytest.MonkeyPatch, exempt: str, is_exempt: bool
) -> None:
    monkeypatch.setenv("all_proxy", "socks5h://p")
    assert get_proxy(WSS) == "socks5h://p"
    monkeypatch.setenv("no_proxy", exempt)
    assert get_proxy(WSS) == (None if is_exempt else "socks5h://p")


@pytest.mark.parametrize(
    ("value", "proxy"),
    [
        ("http://p:1", "socks5h://p:1"),
        ("p:1", "socks5h://p:1"),
        ("socks4://p:1", "socks4://p:1"),
    ],
)
def test_the_socks_setting_names_a_socks_proxy(
    monkeypatch: pytest.MonkeyPatch, value: str, proxy: str
) -> None:
    monkeypatch.setattr(wscodec.proxy, "getproxies", lambda: {"socks": value})
    assert get_proxy(WS) == proxy


def test_what_the_argument_proxy_means(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxy_for(WS, None) is None
    assert proxy_for(WS, "http://proxy.example:3128") == PROXY
    assert proxy_for(WS, True) is None
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert proxy_for(WS, True) == PROXY
    with pytest.raises(TypeError):
        proxy_for(WS, False)  # type: ignore[arg-type]


def test_the_request_names_the_server_with_its_port() -> None:
    assert Tunnel(PROXY, WS).request == (
        b"CONNECT server.example:80 HTTP/1.1\r\nHost: server.example:80\r\n\r\n"
    )
    tunnel = Tunnel(
        parse_proxy("http://Aladdin:open%20sesame@p"), parse_uri("wss://[::1]/"), "agent/1"
    )
    credentials = b64encode(b"Aladdin:open sesame")
    assert credentials == b"QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617, 2
    assert tunnel.request == (
        b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nUser-Agent: agent/1\r\n"
        b"Proxy-Authorization: Basic " + credentials + b"\r\n\r\n"
    )


OPEN = [
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n\r\n",
    b"HTTP/1.1 204\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
]


@pytest.mark.parametrize("response", OPEN)
def test_any_2xx_opens_the_tunnel(response: bytes) -> None:
    assert Tunnel(PROXY, WS).receive(response)
    tunnel = Tunnel(PROXY, WS)
    opened = [tunnel.receive(response[i : i + 1]) for i in range(len(response))]
    assert opened == [False] * (len(response) - 1) + [True]


@pytest.mark.parametrize(
    ("response", "status", "reason"),
    [
        (
            b"HTTP/1.0 407 Who are you?\r\nProxy-Authenticate: Basic\r\n\r\nbody",
            407,
            "Who are you?",
        ),
        (b"HTTP/1.1 502\r\n\r\n", 502, ""),
        (b"HTTP/1.1 301 Moved\r\nLocation: x\r\n\r\n", 301, "Moved"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101, "Switching Protocols"),
    ],
)
def test_any_other_status_is_an_error(response: bytes, status: int, reason: str) -> None:
    with pytest.raises(InvalidProxyStatus) as caught:
        Tunnel(PROXY, WS).receive(response)
    assert (caught.value.status, caught.value.response.reason) == (status, reason)


@pytest.mark.parametrize(
    "response",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"\x15\x03\x03\x00\x02",  # an alert of TLS
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000,
        b"HTTP/1.1 200 OK\r\n\r\nHTTP",
    ],
)
def test_what_is_no_response_is_an_error(response: bytes) -> None:
    with pytest.raises(InvalidProxyMessage):
        Tunnel(PROXY, WS).receive(response)


def test_the_end_of_the_stream_before_the_response_is_an_error() -> None:
    tunnel = Tunnel(PROXY, WS)
    assert not tunnel.receive(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(InvalidProxyMessage) as caught:
        tunnel.finish()
    assert isinstance(caught.value.__cause__, EOFError)
