"""Checks of the functions and loggers that serve() and connect() are given to call."""

from __future__ import annotations

import inspect
import logging
from typing import Union

__all__ = ["LoggerLike", "check_callable", "check_no_generator", "check_plain", "logger_for"]

LoggerLike = Union[logging.Logger, "logging.LoggerAdapter[logging.Logger]"]


def check_callable(name: str, function: object, *arguments: str) -> None:
    """Raises TypeError if a function that is given as the argument `name` cannot be called with
    these arguments.

    arguments  What they are, for the message.
    """
    if not callable(function):
        raise TypeError(f"{name} cannot be called: {function!r}")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C have none
        return
    try:
        signature.bind(*arguments)
    except TypeError:
        expected = ", ".join(arguments)
        raise TypeError(
            f"{name} is called as {name}({expected}), which does not fit {function!r}"
        ) from None


def check_plain(name: str, function: object, *arguments: str) -> None:
    """Does what check_callable() does, and raises TypeError for a coroutine function. None
    passes."""
    if function is None:
        return
    check_callable(name, function, *arguments)
    for each in function, getattr(function, "__call__", None):  # noqa: B004
        if inspect.iscoroutinefunction(each):
            raise TypeError(
                f"{name} is a plain function, not a coroutine function: {function!r}"
            )


def check_no_generator(name: str, function: object) -> None:
    """Raises TypeError for a function that contains `yield`: to call it does nothing."""
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
    if inspect.isasyncgenfunction(function) or flags & inspect.CO_GENERATOR:
        raise TypeError(f"{name} has yield, so it is a generator function: {function!r}")


def logger_for(name: str, logger: LoggerLike | None) -> LoggerLike:
    """The logger that was given, or the one with this name. Raises TypeError for anything that
    cannot log."""
    if logger is None:
        return logging.getLogger(name)
    for method in ("debug", "info", "warning", "error"):
        if not callable(getattr(logger, method, None)):
            raise TypeError(f"logger is a logging.Logger or the like, not {logger!r}")
    return logger
