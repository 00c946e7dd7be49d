"""Where the HTML manual describes each name."""

from __future__ import annotations

import os
from collections.abc import Iterator

from .description import Description, Group, Section, Struct


def links(description: Description) -> dict[str, str]:
    """Addresses of functions, types, fields ("ws_frame.flags") and constants.

    "WS_FIN*" has that of the group of WS_FIN.
    """
    return {
        name: f"{page_of(section.name)}#{anchor}"
        for section in description.sections
        for name, anchor in anchors(section)
    }


def anchors(section: Section) -> Iterator[tuple[str, str]]:
    for item in section.declarations:
        if isinstance(item, Group):
            for constant in item.constants:
                yield constant.name, constant.name
                yield f"{constant.name}*", group_anchor(item)
            continue
        yield item.name, item.name
        if isinstance(item, Struct):
            for field in item.fields:
                yield f"{item.name}.{field.name}", f"{item.name}.{field.name}"


def page_of(section: str) -> str:
    return f"{section}.html"


def group_anchor(group: Group) -> str:
    return f"group-{group.constants[0].name}"


def group_title(group: Group, description: Description) -> str:
    """A prefix like "WS_OPT_*" if no other group has it, else the names or their range."""
    members = [constant.name for constant in group.constants]
    prefix = os.path.commonprefix(members)
    prefix = prefix[: prefix.rfind("_") + 1]
    matching = [c.name for c in description.constants if c.name.startswith(prefix)]
    if len(members) > 1 and matching == members:
        return f"{prefix}*"
    return ", ".join(members) if len(members) < 5 else f"{members[0]} to {members[-1]}"
