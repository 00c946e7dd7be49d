"""The servers of bindings/, each beside the usual library of its language."""

from __future__ import annotations

from server import ROOT, Group, Server, output_of


def binding_servers() -> list[Server]:
    makefiles = sorted((ROOT / "bindings").glob("*/Makefile"))
    return [server for each in makefiles for server in servers_of(each.parent.name)]


def servers_of(language: str) -> list[Server]:
    """Both servers, which `make -C bindings/LANGUAGE build` has made."""
    group = Group(language, f"Bindings, {language}", (f"{language}-peer",))
    folder = ROOT / "target" / "bindings" / language
    environment = {"WSCODEC_LIBRARY": str(ROOT / "target" / "lib" / "libwscodec.so")}

    def version() -> str:
        return output_of(
            "make", "-s", "--no-print-directory", "-C", f"bindings/{language}", "version"
        )

    def server(name: str, title: str, program: str) -> Server:
        command = [str(folder / program), "--port"]
        return Server(group, name, title, command, version, environment=environment)

    return [
        server(f"{language}-wscodec", f"wscodec, {language}", "echo_server"),
        server(f"{language}-peer", f"usual library, {language}", "peer_server"),
    ]
