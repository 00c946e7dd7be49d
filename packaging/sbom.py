#!/usr/bin/env python3
"""Writes an SBOM of the library, CycloneDX 1.5 in JSON: the crates that are linked into it.

    packaging/sbom.py FILE

Equal sources give equal bytes. A time is in it only if SOURCE_DATE_EPOCH is set. The parts of
Rust's standard library that are linked, too, belong to the compiler, not to Cargo.lock.
"""

from __future__ import annotations

import json
import os
import re
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from notices import ROOT, TARGETS, cargo, linked_on

Crate = tuple[str, str]
SCHEMA = "http://cyclonedx.org/schema/bom-1.5.schema.json"


def checksums() -> dict[Crate, str]:
    """SHA-256 of each crate that was downloaded."""
    text = (ROOT / "Cargo.lock").read_text("utf-8")
    pattern = r'name = "(.*)"\nversion = "(.*)"\nsource = ".*"\nchecksum = "(.*)"\n'
    return {(name, version): digest for name, version, digest in re.findall(pattern, text)}


def purl(crate: Crate) -> str:
    """A package URL. wscodec itself is in no registry."""
    name, version = crate
    return f"pkg:{'generic' if name == 'wscodec' else 'cargo'}/{name}@{version}"


def component(package: dict[str, Any]) -> dict[str, Any]:
    crate = package["name"], package["version"]
    return {
        "type": "library",
        "bom-ref": purl(crate),
        "name": crate[0],
        "version": crate[1],
        "description": package["description"].strip(),
        # The slash is an older spelling of Cargo.
        "licenses": [{"expression": re.sub(r" ?/ ?", " OR ", package["license"])}],
        "purl": purl(crate),
    }


def dependency(package: dict[str, Any], digest: str, targets: list[str]) -> dict[str, Any]:
    return {
        **component(package),
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "externalReferences": [{"type": "vcs", "url": package["repository"]}],
        "properties": [{"name": "wscodec:target", "value": target} for target in targets],
    }


def edges(nodes: list[dict[str, Any]], crates: dict[str, Crate]) -> list[dict[str, Any]]:
    """Which of these crates, by their ids, is linked for which."""
    found = []
    for node in nodes:
        if node["id"] in crates:
            needs = {
                purl(crates[each["pkg"]])
                for each in node["deps"]
                if each["pkg"] in crates and any(k["kind"] is None for k in each["dep_kinds"])
            }
            found.append({"ref": purl(crates[node["id"]]), "dependsOn": sorted(needs)})
    return sorted(found, key=lambda edge: edge["ref"])


def targets_of() -> dict[Crate, list[str]]:
    found: dict[Crate, list[str]] = {}
    for target in TARGETS:
        for crate in linked_on(target):
            found.setdefault(crate, []).append(target)
    return found


def time() -> dict[str, str]:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return {}
    moment = datetime.fromtimestamp(int(epoch), timezone.utc)
    return {"timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def sbom() -> dict[str, Any]:
    metadata = json.loads(cargo("metadata", "--format-version", "1"))
    packages = {(p["name"], p["version"]): p for p in metadata["packages"]}
    root = next(p for p in metadata["packages"] if p["name"] == "wscodec")
    targets, digests = targets_of(), checksums()
    crates = {packages[crate]["id"]: crate for crate in targets}
    crates[root["id"]] = ("wscodec", root["version"])
    contents = {
        "metadata": {**time(), "component": component(root)},
        "components": [
            dependency(packages[crate], digests[crate], targets[crate])
            for crate in sorted(targets)
        ],
        "dependencies": edges(metadata["resolve"]["nodes"], crates),
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(contents))
    return {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": serial.urn,
        "version": 1,
        **contents,
    }


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(sbom(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
