"""The files that the C echo server serves at /demo. tests/node tests the page in browsers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import needs
import pytest
from echo_checks import HELLO, Server, answer
from needs import UNDER
from wire import ROOT

BINARY = "examples-c/echo_server"
FOLDER = ROOT / "examples-c" / "demo"
TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix[1:] in TYPES)

pytestmark = needs.program(BINARY)


def start(*options: str) -> Server:
    return Server((*UNDER, f"./{BINARY}"), *options)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = start()
    yield server
    assert server.stop() == 0


def request(
    server: Server, target: str, method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    with server.raw() as peer:
        peer.send(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return answer(peer.rest())


def target_of(name: str) -> str:
    return "/demo" if name == "index.html" else f"/demo/{name}"


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_served_as_it_is(server: Server, name: str) -> None:
    status, fields, body = request(server, target_of(name))
    assert (status, body) == (200, (FOLDER / name).read_bytes())
    assert fields["content-type"] == TYPES[name.rpartition(".")[2]]
    assert fields["content-length"] == str(len(body))
    assert fields["cache-control"] == "no-cache"
    assert fields["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", FILES)
def test_head_has_the_fields_of_get_and_no_body(server: Server, name: str) -> None:
    _, expected, _ = request(server, target_of(name))
    assert request(server, target_of(name), "HEAD") == (200, expected, b"")


def test_each_file_that_the_page_refers_to_exists() -> None:
    page = (FOLDER / "index.html").read_text()
    scripts = "".join((FOLDER / name).read_text() for name in FILES if name.endswith(".js"))
    used = set(re.findall(r'(?:href|src)="/demo/([^"]+)"', page))
    used |= set(re.findall(r'from "\./([^"]+)"', scripts))
    assert used | {"index.html"} == set(FILES)


def test_the_page_may_load_and_connect_to_its_server_alone(server: Server) -> None:
    _, fields, _ = request(server, "/demo")
    policy = dict(part.split(" ", 1) for part in fields["content-security-policy"].split("; "))
    own = ("script-src", "style-src", "img-src", "connect-src")
    none = ("default-src", "base-uri", "form-action", "frame-ancestors")
    assert policy == {name: "'self'" for name in own} | {name: "'none'" for name in none}
    assert fields["referrer-policy"] == "no-referrer"


def test_a_slash_and_a_query_make_no_difference(server: Server) -> None:
    page = (FOLDER / "index.html").read_bytes()
    for target in ("/demo/", "/demo?x=1", "/demo/?"):
        assert request(server, target)[2] == page, target


@pytest.mark.parametrize(
    "target", ["/", "/dem", "/demo/x", "/demo.html", "/demo/main.js/", "/?/demo"]
)
def test_other_targets_get_the_greeting(server: Server, target: str) -> None:
    assert request(server, target)[2] == HELLO


def test_other_methods_are_refused(server: Server) -> None:
    assert request(server, "/demo", "POST")[0] == 405


def test_the_page_learns_what_decides_on_frames() -> None:
    server = start("--compress-from", "77")
    _, fields, body = request(server, "/demo/server.json")
    assert fields["content-type"] == "application/json"
    about = json.loads(body)
    assert about.pop("version").count(".") == 2
    assert about == {"maxMessage": 16 << 20, "compressFrom": 77}
    assert server.stop() == 0


def test_the_address_of_the_page_is_printed(server: Server) -> None:
    assert server.process.stdout
    assert server.process.stdout.readline() == f"demo at http://127.0.0.1:{server.port}/demo\n"
