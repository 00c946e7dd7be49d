#!/usr/bin/env python3
"""Measures echo servers on the loopback: CPU time of the server's process for each message,
latency, and resident memory for each idle connection.

Each server has one CPU core and the load generator another. All servers run all the time,
and take turns: what disturbs the machine for a while disturbs all of them. Every figure is
the median of several rounds. CPU time holds what the kernel does for the server's system
calls, which is most of it.
"""

from __future__ import annotations

import argparse
import json
import resource
from pathlib import Path

from bench import Bench, progress
from binding_servers import binding_servers
from cases import chosen as chosen_cases
from native_servers import native_servers
from python_servers import python_servers
from report import Report
from server import ROOT, Server, build

RESULTS = ROOT / "benches" / "results" / "echo.json"


def number_list(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def chosen(text: str, servers: list[Server]) -> list[Server]:
    """Those that are named in the text, by themselves or by their group."""
    words = set(text.split(","))
    unknown = words - {server.name for server in servers} - {s.group.name for s in servers}
    if unknown:
        raise argparse.ArgumentTypeError(f"no such server: {', '.join(sorted(unknown))}")
    return [server for server in servers if {server.name, server.group.name} & words]


def read_options(servers: list[Server], others: list[Server]) -> argparse.Namespace:
    """Measures `servers` unless the user names some of them, or of the others."""
    every = [*servers, *others]
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"servers: {', '.join(server.name for server in every)}\n"
        f"groups: {', '.join(dict.fromkeys(server.group.name for server in every))}",
    )
    add = parser.add_argument
    add(
        "--servers",
        default=servers,
        type=lambda text: chosen(text, every),
        help="names of servers or groups, with commas (native,two-cores)",
    )
    cells = parser.add_argument_group("cells", "Any of these measures a grid of all given.")
    cells.add_argument("--sizes", type=number_list, help="bytes of a message (20,1024,65536)")
    cells.add_argument(
        "--depths", type=number_list, help="messages in flight per connection (1,16)"
    )
    cells.add_argument(
        "--connections", type=number_list, help="open ones, of which 100 are active (64)"
    )
    add("--seconds", default=0.6, type=float, help="of each measurement (%(default)s)")
    add("--messages", default=10**9, type=int, help="ends a measurement earlier")
    add(
        "--warmup",
        default=0.2,
        type=float,
        help="seconds before each measurement (%(default)s)",
    )
    add("--rounds", default=5, type=int, help="over all servers (%(default)s)")
    add("--burst", action="store_true", help="send again when all echoes have arrived")
    add("--idle", default=10000, type=int, help="idle connections; 0: none (%(default)s)")
    add("--server-cpu", default=0, type=int, help="CPU of the server (%(default)s)")
    add("--client-cpu", default=1, type=int, help="CPU of the client (%(default)s)")
    add(
        "--json",
        nargs="?",
        const=RESULTS,
        type=Path,
        help="write to FILE, or else to " + str(RESULTS.relative_to(ROOT)),
        metavar="FILE",
    )
    options = parser.parse_args()
    options.cases = chosen_cases(options.sizes, options.depths, options.connections)
    return options


def raise_descriptor_limit(connections: int) -> None:
    """Servers inherit the limit. Not the maximum: some allocate a table of that length."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 256
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def main() -> None:
    options = read_options(native_servers(), [*python_servers(), *binding_servers()])
    raise_descriptor_limit(max(options.idle, *(case.connections for case in options.cases)))
    build("loadgen")
    bench = Bench(options, options.servers)
    bench.build()
    bench.measure_idle()
    bench.measure_load()
    report = Report(bench)
    report.print()
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report.as_json(), indent=1) + "\n")
        progress(f"wrote {options.json}")


if __name__ == "__main__":
    main()
