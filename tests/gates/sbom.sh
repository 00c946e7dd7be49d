#!/bin/sh
# The SBOM is valid CycloneDX 1.5, lists exactly the crates of THIRD-PARTY-NOTICES with the
# checksums of Cargo.lock, contains the same bytes each time, and a time only on demand.
#
# CARGO may be set. PYTHON has the packages of packaging/requirements.txt.
set -eu
cd "$(dirname "$0")/../.."
work=$(pwd)/target/tests-gates
python=${PYTHON:-target/python/bin/python}
unset SOURCE_DATE_EPOCH

write() { # file
    "$python" -B packaging/sbom.py "$work/$1"
}

mkdir -p "$work"
write sbom.json
(LC_ALL=C TZ=Asia/Tokyo PYTHONHASHSEED=7 write sbom-again.json)
cmp "$work/sbom.json" "$work/sbom-again.json"
(SOURCE_DATE_EPOCH=86400 write sbom-dated.json)
grep -q '"timestamp": "1970-01-02T00:00:00Z"' "$work/sbom-dated.json"

"$python" -B - "$work/sbom.json" << 'PYTHON'
import json
import re
import sys
from pathlib import Path

from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator

text = Path(sys.argv[1]).read_text("utf-8")
validator = make_schemabased_validator(OutputFormat.JSON, SchemaVersion.V1_5)
error = validator.validate_str(text)
if error:
    sys.exit(f"sbom: not valid CycloneDX 1.5: {error}")

sbom = json.loads(text)
rule = "-" * 80
notices = re.findall(rf"^{rule}\n(\S+) (\S+)  ", Path("THIRD-PARTY-NOTICES").read_text("utf-8"), re.M)
listed = [(each["name"], each["version"]) for each in sbom["components"]]
if listed != notices or not listed:
    sys.exit(f"sbom: lists {listed}, but THIRD-PARTY-NOTICES {notices}")

lock = Path("Cargo.lock").read_text("utf-8")
for each in sbom["components"]:
    entry = f'name = "{each["name"]}"\nversion = "{each["version"]}"\nsource = '
    digest = lock.partition(entry)[2].partition('checksum = "')[2].partition('"')[0]
    if each["hashes"] != [{"alg": "SHA-256", "content": digest}] or len(digest) != 64:
        sys.exit(f"sbom: {each['name']} has another checksum in Cargo.lock")

# All of them are needed by the library, through the dependencies that are stated.
needs = {each["ref"]: each["dependsOn"] for each in sbom["dependencies"]}
reached, ahead = set(), [sbom["metadata"]["component"]["bom-ref"]]
while ahead:
    ref = ahead.pop()
    if ref not in reached:
        reached.add(ref)
        ahead += needs[ref]
if reached != set(needs) or len(needs) != len(listed) + 1:
    sys.exit(f"sbom: nothing depends on {set(needs) - reached}")
print(f"sbom: valid CycloneDX 1.5, {len(listed)} crates with checksums, the same bytes each time")
PYTHON
