"""How the public names of websockets compare with those of wscodec: facts() of two modules.

A fact is about one of these, and says "same", "differs", "missing" or "new" (only in wscodec):

    serve                 a function, class or value of the module
    serve(origins=)       an argument
    Server.close          a method or attribute
    Server.close(code=)   an argument of it

An argument is the same if each call that passes it, or leaves it out, means the same.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

IGNORED = frozenset(dir(BaseException))
PROTOCOL = frozenset(dir(asyncio.BufferedProtocol)) | frozenset(dir(asyncio.Protocol))
"""What asyncio calls is not for users."""

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def facts(
    theirs: ModuleType,
    ours: ModuleType,
    signatures: dict[str, tuple[Callable[..., Any], ...]],
) -> dict[str, str]:
    """What there is to say about a module and the one that replaces it.

    signatures  The functions to which ours pass arguments on.
    """
    found = {}
    names = [name for name in theirs.__all__ if name != "HeadersLike"]
    for name in names:
        if not hasattr(ours, name):
            found[name] = "missing"
            continue
        one, other = getattr(theirs, name), getattr(ours, name)
        if inspect.isclass(one):
            found.update(_class_facts(name, one, other))
        elif callable(one):
            arguments = dict(_argument_facts(name, one, other, *signatures.get(name, ())))
            if name.startswith("unix_"):
                arguments = _without_passed_on(arguments, getattr(ours, name[len("unix_") :]))
            found.update(arguments)
            found[name] = _summary(arguments)
        else:
            found[name] = "same"
    new = {name for name in getattr(ours, "__all__", ()) if name not in theirs.__all__}
    found.update(dict.fromkeys(new, "new"))
    return found


def _without_passed_on(facts: dict[str, str], plain: Callable[..., Any]) -> dict[str, str]:
    """The facts about the arguments of unix_connect() or unix_serve() that are not about
    arguments of connect() or serve(), among which they are listed."""
    passed = inspect.signature(plain).parameters
    return {
        key: kind
        for key, kind in facts.items()
        if kind != "new" or key[key.index("(") + 1 : -2] not in passed
    }


def _class_facts(name: str, theirs: type, ours: type) -> dict[str, str]:
    found: dict[str, str] = {}
    if _is_made_by_users(theirs):
        found.update(_argument_facts(name, theirs, ours))
    derived: list[type] = ours.__subclasses__()
    sides = [each for each in derived if not each.__name__.startswith("_")]
    mine = set.intersection(*map(_members, sides or [ours])) | _members(ours)
    defined = [member for member in _own_members(theirs) if member not in PROTOCOL]
    for member in defined:
        key = f"{name}.{member}"
        if member not in mine:
            found[key] = "missing"
            continue
        method, other = (inspect.getattr_static(each, member, None) for each in (theirs, ours))
        arguments: dict[str, str] = {}
        if inspect.isfunction(method) and inspect.isfunction(other):
            arguments = dict(_argument_facts(key, method, other))
        found.update(arguments)
        found[key] = _summary(arguments)
    for member in set(_own_members(ours)) - _members(theirs, documented=False) - PROTOCOL:
        found[f"{name}.{member}"] = "new"
    arguments = {key: value for key, value in found.items() if key.startswith(f"{name}(")}
    found[name] = _summary(arguments)
    if issubclass(theirs, Exception) and not _catches_the_same(theirs, ours):
        found[name] = "differs"
    return found


def _is_made_by_users(class_: type) -> bool:
    return class_.__name__ in ("connect", "reconnect", "Headers", "Response")


def _catches_the_same(theirs: type, ours: type) -> bool:
    """Whether each `except` with a base class of theirs would also catch ours."""
    from wscodec import exceptions

    bases = [base.__name__ for base in theirs.__mro__[1:] if base.__module__ != "builtins"]
    names = {base.__name__ for base in ours.__mro__}
    names |= {
        name for name in exceptions.__all__ if issubclass(ours, getattr(exceptions, name))
    }
    return set(bases) <= names | {"LookupError", "ValueError"}


def _summary(arguments: dict[str, str]) -> str:
    kinds = set(arguments.values()) - {"new"}
    return "differs" if kinds else "same"


# Members


def _own_members(class_: type) -> list[str]:
    """The public methods and attributes that a class has and its public bases have not."""
    known = {
        name
        for base in class_.__mro__[1:]
        if not _is_private(base)
        for part in base.__mro__
        for name in _defined(part)
    }
    parts = [class_, *(base for base in class_.__mro__ if _is_private(base))]
    names = dict.fromkeys(name for part in parts for name in _defined(part))
    return [name for name in names if name not in known or name in _defined(class_)]


def _members(class_: type, documented: bool = True) -> set[str]:
    return {name for base in class_.__mro__ for name in _defined(base, documented)}


def _is_private(class_: type) -> bool:
    """Whether a class is in a private module, so that it is only a part of others."""
    package, _, module = class_.__module__.rpartition(".")
    return package.startswith("wscodec") and module.startswith("_")


def _defined(class_: type, documented: bool = True) -> list[str]:
    """The public names that one class defines."""
    names = {**vars(class_), **getattr(class_, "__annotations__", {})}
    documented = documented and not issubclass(class_, Exception)
    names.update(dict.fromkeys(_assigned(class_, documented)))
    return [name for name in names if not name.startswith("_") and name not in IGNORED]


def _assigned(class_: type, documented: bool) -> Iterator[str]:
    """The attributes that the methods of a class set.

    documented  Only those with a docstring.
    """
    try:
        source = textwrap.dedent(inspect.getsource(class_))
    except (OSError, TypeError):
        return
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            for statement, after in zip(function.body, [*function.body[1:], None]):
                is_documented = isinstance(after, ast.Expr) and isinstance(
                    after.value, ast.Constant
                )
                if is_documented or not documented:
                    yield from _targets(statement)


def _targets(statement: ast.stmt) -> Iterator[str]:
    """The attributes in an assignment, or in the statements of a block."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


# Arguments


def _argument_facts(
    name: str, theirs: Callable[..., Any], *ours: Callable[..., Any]
) -> Iterator[tuple[str, str]]:
    before = inspect.signature(theirs).parameters
    signatures = [inspect.signature(each).parameters for each in ours]
    after = {key: value for each in reversed(signatures) for key, value in each.items()}
    for number, parameter in enumerate(before.values()):
        key = f"{name}({parameter.name}=)"
        if parameter.kind not in _NAMED or parameter.name.startswith(("_", "self")):
            continue
        other = after.get(parameter.name)
        if other is None:
            yield key, "missing"
        elif not _is_the_same(number, parameter, other, list(signatures[0])):
            yield key, "differs"
    for parameter in after.values():
        is_hidden = parameter.name == "self" or parameter.name.startswith("_")
        if parameter.kind in _NAMED and parameter.name not in before and not is_hidden:
            yield f"{name}({parameter.name}=)", "new"


def _is_the_same(
    number: int, theirs: inspect.Parameter, ours: inspect.Parameter, names: list[str]
) -> bool:
    if theirs.kind is not inspect.Parameter.KEYWORD_ONLY:
        if ours.kind is not theirs.kind or names.index(ours.name) != number:
            return False
    is_required = theirs.default is inspect.Parameter.empty
    return is_required or _value(theirs.default) == _value(ours.default)


def _value(default: Any) -> Any:
    """Defaults that are functions are compared by name."""
    return default.__name__ if inspect.isfunction(default) else default
