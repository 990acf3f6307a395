"""Spans of OpenTelemetry, where the application uses it. Otherwise nothing, for next to nothing."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, ParamSpec, TypeVar

#: The API of OpenTelemetry. An application that traces has imported it; we never do.
_API: Final = "opentelemetry.trace"

_TRACER: Final = "flask_gatehouse"

_P = ParamSpec("_P")
_R = TypeVar("_R")

_NOTHING: Final[AbstractContextManager[None]] = nullcontext()


def span(name: str) -> AbstractContextManager[Any]:
    """Return a span to stand in while something is done; name and time are all that it tells.

    A refusal is no error of ours, and what an exception says may be about somebody: neither is
    recorded.
    """
    api: Any = sys.modules.get(_API)
    if api is None:
        return _NOTHING
    found: AbstractContextManager[Any] = api.get_tracer(_TRACER).start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    )
    return found


def within_span(name: str, call: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Call something within a span; without a tracer it costs no more than the call itself."""
    if _API not in sys.modules:
        return call(*args, **kwargs)
    with span(name):
        return call(*args, **kwargs)
