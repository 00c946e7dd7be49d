"""What the programs of each section of python/README.md do.

A module has the name of its section, and check(stage, *programs), which gets the programs in
their order, and as `certificates` a folder with some. If they need other packages than wscodec,
NEEDS names these.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import ModuleType

from programs import programs, stage
from wire import ROOT

PAGE = ROOT / "python" / "README.md"
PROGRAMS = programs(PAGE)


def module_of(section: str) -> ModuleType:
    return importlib.import_module(f"readme.{section.replace('-', '_')}")


def sections(*, that_need_others: bool) -> list[str]:
    """The sections whose programs need other packages than wscodec, or those that do not."""
    return [each for each in PROGRAMS if hasattr(module_of(each), "NEEDS") is that_need_others]


def check(section: str, folder: Path, certificates: Path) -> None:
    """Runs the programs of a section in this folder."""
    function = module_of(section).check
    is_tls = "certificates" in inspect.signature(function).parameters
    more = {"certificates": certificates} if is_tls else {}
    with stage(folder) as running:
        function(running, *PROGRAMS[section], **more)
