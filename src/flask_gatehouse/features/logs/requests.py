"""A line for each request that was answered."""

import logging
import re
import time
from typing import Final

from flask import Flask, Response, request, request_finished, request_started

from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.features.logs.lines import TOLD
from flask_gatehouse.web.work import held, request_id

_log = logging.getLogger("gatehouse.requests")

#: Where the answer says which request it belongs to.
HEADER: Final = "X-Request-ID"

#: What a proxy in front may call a request.
_SHAPE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

_BEGAN: Final = "_gatehouse_began"


def watch(app: Flask, house: House) -> None:
    """Write a line for each request to `app`, and tell whoever asks what it is called."""
    believed = house.settings[CoreSettings].trusted_proxies > 0

    def begin(sender: Flask, **_: object) -> None:
        del sender
        held()[_BEGAN] = time.perf_counter()

    def end(sender: Flask, response: Response, **_: object) -> None:
        del sender
        response.headers.setdefault(HEADER, request_id())
        taken = time.perf_counter() - held().get(_BEGAN, time.perf_counter())
        rule = request.url_rule
        told: dict[str, object] = {
            "method": request.method if request.method in _METHODS else "other",
            # The path of a link opens something, so a line has the route. A path that none answers
            # may be anything.
            "route": rule.rule if rule is not None else None,
            "endpoint": request.endpoint,
            "status": response.status_code,
            "milliseconds": round(taken * 1000, 1),
        }
        outside = request.headers.get(HEADER, "")
        if believed and _SHAPE.fullmatch(outside):
            told["proxy_request_id"] = outside
        _log.info("answered", extra={TOLD: told})

    request_started.connect(begin, app, weak=False)
    request_finished.connect(end, app, weak=False)


#: Whatever else is sent as a method is not repeated. Source: RFC 9110 9.1, RFC 5789.
_METHODS: Final = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
)
