"""Signatures of functions that pass their arguments on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["with_arguments_of"]

Function = TypeVar("Function", bound=Callable[..., Any])


def with_arguments_of(target: Callable[..., Any]) -> Callable[[Function], Function]:
    """A decorator: help() and the like show the keyword arguments of the function to which the
    decorated one passes its `**` arguments."""

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)
        *own, _ = signature.parameters.values()
        passed = inspect.signature(target).parameters.values()
        kinds = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
        added = [each for each in passed if each.kind in kinds]
        together = signature.replace(parameters=[*own, *added])
        function.__signature__ = together  # type: ignore[attr-defined]
        return function

    return decorate
