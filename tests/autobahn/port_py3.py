"""Ports the installed autobahntestsuite 25.10.1, which is Python 2 code, to Python 3.11.

    VENV/bin/python port_py3.py        patches the copy in VENV, once

In Python 2 the cases keep octets in str. They still do, one character (latin-1) an octet:
they become bytes where the fuzzer hands them to Autobahn, and bytes received become str
before a case sees them. So the octets on the wire are those of the Python 2 suite. Autobahn
itself is the version that the suite asks for, and is not patched.
"""

from __future__ import annotations

import compileall
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

SUITE = Path(sysconfig.get_paths()["purelib"], "autobahntestsuite")
HELPERS = SUITE / "_py3.py"
VERSION = "25.10.1"

HELPERS_SOURCE = """
import binascii as _b
def to_bytes(s): return s if isinstance(s, (bytes, bytearray)) else s.encode('latin-1')
def to_str(b):   return b if isinstance(b, str) else bytes(b).decode('latin-1')
class binascii:
    @staticmethod
    def b2a_hex(s): return _b.b2a_hex(to_bytes(s)).decode('ascii')
    hexlify = b2a_hex
def jdefault(o):
    if isinstance(o, (bytes, bytearray)): return bytes(o).decode('utf8', 'replace')
    raise TypeError(repr(o))
"""

# Where octets leave the cases.
SENDERS_SOURCE = """   MAX_WIRE_LOG_DATA = 256

   def sendFrame(self, opcode, payload = b'', fin = True, rsv = 0, mask = None,
                 payload_len = None, chopsize = None, sync = False):
      payload = to_bytes(payload)
      if payload_len is not None:
         times, rest = divmod(payload_len, len(payload))
         payload = payload * times + payload[:rest]
      return super().sendFrame(opcode, payload = payload, fin = fin, rsv = rsv, mask = mask,
                               chopsize = chopsize, sync = sync)

   def sendMessage(self, payload, *args, **kw):
      return super().sendMessage(to_bytes(payload), *args, **kw)

   def sendMessageFrameData(self, payload, *args, **kw):
      return super().sendMessageFrameData(to_bytes(payload), *args, **kw)

   def sendCloseFrame(self, code = None, reasonUtf8 = None, isReply = False):
      reason = None if reasonUtf8 is None else to_bytes(reasonUtf8)
      return super().sendCloseFrame(code, reason, isReply)
"""

# Text in the suite's files, as 2to3 leaves them, and what to put in its place.
REPLACEMENTS: dict[str, list[tuple[str, str]]] = {
    "case/case.py": [
        ("return pickle.dumps(obj1) == pickle.dumps(obj2)", "return obj1 == obj2"),
    ],
    "case/case10_1_1.py": [
        (
            "len(self.payload) / self.p.autoFragmentSize",
            "len(self.payload) // self.p.autoFragmentSize",
        ),
    ],
    "case/case9_9_1.py": [
        (
            "from zope.interface import implements",
            "from zope.interface import implementer",
        ),
        (
            "class FrameProducer:\n\n   implements(interfaces.IPushProducer)",
            "@implementer(interfaces.IPushProducer)\nclass FrameProducer:",
        ),
    ],
    "case/case12_x_x.py": [
        (
            "import copy, os, pkg_resources, hashlib, binascii",
            "import copy, os, pkg_resources, hashlib\nfrom .._py3 import binascii, to_bytes",
        ),
        (
            "def onMessage(self, msg, binary):\n",
            "def onMessage(self, msg, binary):\n   msg = to_bytes(msg)\n",
        ),
    ],
    "case/case6_x_x.py": [
        ("res = v.validate(vss[:i])", "res = v.validate(vss[:i].encode('latin-1'))"),
    ],
    "fuzzing.py": [
        (
            "import os, json, binascii, time, textwrap, pkg_resources",
            "import os, json, time, textwrap, pkg_resources\n"
            "from ._py3 import binascii, to_bytes, to_str, jdefault",
        ),
        (
            '   ellipses = " ..."\n   try:\n',
            '   ellipses = " ..."\n   data = to_bytes(data)\n   try:\n',
        ),
        ("dd = data[:maxlen] + ellipses", "dd = data[:maxlen] + ellipses.encode('ascii')"),
        ("p = ''.join(payload)", "p = b''.join(payload)"),
        ("self.runCase.onPong(payload)", "self.runCase.onPong(to_str(payload))"),
        ("self.runCase.onMessage(msg, binary)", "self.runCase.onMessage(to_str(msg), binary)"),
        ("obj = json.loads(msg)", "obj = json.loads(to_bytes(msg).decode('utf8'))"),
        (
            "open(os.path.join(outdir, report_filename), 'w')",
            "open(os.path.join(outdir, report_filename), 'w', encoding='utf-8')",
        ),
        (
            "f.write(json.dumps(case, sort_keys = True,",
            "f.write(json.dumps(case, default = jdefault, sort_keys = True,",
        ),
        ('case[c[0]], c[1])).encode("utf-8"))', "case[c[0]], c[1])))"),
        ("ll.encode('utf8')))", "ll))"),
        ("   MAX_WIRE_LOG_DATA = 256\n", SENDERS_SOURCE),
        # The fuzzing server listens on loopback alone, not on every interface.
        (
            "listenWS(factory, sslContext)",
            "listenWS(factory, sslContext, interface = '127.0.0.1')",
        ),
        (
            "reactor.listenTCP(webport, web)",
            "reactor.listenTCP(webport, web, interface = '127.0.0.1')",
        ),
    ],
    # The serializer mode needs a package that is not for Python 3.11.
    "wstest.py": [
        ("from . import serializer\n", ""),
        (
            "         return serializer.start(",
            "         from . import serializer\n         return serializer.start(",
        ),
    ],
}


def convert() -> None:
    """What 2to3 can do alone."""
    command = [sys.executable, "-W", "ignore", "-m", "lib2to3"]
    subprocess.run(
        [*command, "-w", "-n", "--no-diffs", str(SUITE)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def spell_out(literal: re.Match[str]) -> str:
    """Text that is not ASCII was UTF-8 octets in a Python 2 source."""
    octets = "".join(
        c if c.isascii() else "".join(f"\\x{octet:02x}" for octet in c.encode())
        for c in literal[2]
    )
    return f'{literal[1]}"{octets}"'


def port_case(path: Path) -> None:
    """What many cases have in common."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^import binascii$", "from .._py3 import binascii", text, flags=re.M)
    text = text.replace("(object, Case, )", "(Case, )")
    payload = r'^(   PAYLOAD\d? = )"([^"\n]*[^\x00-\x7f][^"\n]*)"$'
    text = re.sub(payload, spell_out, text, flags=re.M)
    path.write_text(text, encoding="utf-8")


def replace(path: Path, pairs: list[tuple[str, str]]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        if old not in text:
            sys.exit(f"{path} has no {old!r}")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def main() -> None:
    if HELPERS.exists():
        sys.exit(f"{SUITE} is ported already, or half: install it again")
    if f'"{VERSION}"' not in (SUITE / "_version.py").read_text(encoding="utf-8"):
        sys.exit(f"{SUITE} is not version {VERSION}")
    HELPERS.write_text(HELPERS_SOURCE, encoding="utf-8")
    convert()
    for path in sorted(SUITE.glob("case/*.py")):
        port_case(path)
    for name, pairs in REPLACEMENTS.items():
        replace(SUITE / name, pairs)
    if not compileall.compile_dir(SUITE, maxlevels=1, quiet=1):
        sys.exit("the ported suite does not compile")


if __name__ == "__main__":
    main()
