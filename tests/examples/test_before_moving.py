"""The code before, in docs/moving.md, compiles against the headers of the other libraries."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import guide
import pytest
from wire import ROOT

PAGE = ROOT / "docs" / "moving.md"

LIBRARIES = {
    "from-wslay": (
        "wslay/wslay.h",
        """
        #include <errno.h>
        #include <sys/socket.h>
        struct session { int fd; };
        """,
    ),
    "from-libwebsockets": (
        "libwebsockets.h",
        """
        #include <stdlib.h>
        #include <string.h>
        struct session { unsigned char *buf; size_t len; int first, last, binary; };
        """,
    ),
}


def compiled(header: str, code: str, *options: str) -> str:
    """What the compiler writes."""
    if not Path("/usr/include", header).exists() and not os.environ.get("WSCODEC_REQUIRE_C"):
        pytest.skip(f"<{header}> is not installed")
    command = ["cc", "-std=c99", "-D_GNU_SOURCE", *options, "-x", "c", "-"]
    code = f"#include <{header}>\n{code}"
    done = subprocess.run(command, input=code, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("section", LIBRARIES)
def test_the_code_before_compiles(section: str) -> None:
    header, declarations = LIBRARIES[section]
    code = declarations + guide.blocks(section, "c before", PAGE)
    warnings = ("-Wall", "-Wextra", "-Werror", "-Wno-unused-function")
    compiled(header, code, "-fsyntax-only", *warnings)


@pytest.mark.parametrize("section", LIBRARIES)
def test_every_name_of_the_other_library_is_in_its_header(section: str) -> None:
    known = set(re.findall(r"\w+", compiled(LIBRARIES[section][0], "", "-E", "-dD")))
    text = guide.sections(PAGE)[section]
    assert set(re.findall(r"\b(?:wslay|WSLAY|lws|LWS|WSI)_\w+", text)) - known == set()
