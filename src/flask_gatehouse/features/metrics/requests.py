"""Answers are counted, where somebody may read the numbers; elsewhere no hook runs."""

import time
from collections.abc import Iterable
from typing import Final

from flask import Flask, Response, request, request_finished, request_started

from flask_gatehouse.core.house import House
from flask_gatehouse.features.metrics.tally import Tally
from flask_gatehouse.web.work import held

_BEGAN: Final = "_gatehouse_counted_from"


def watch(app: Flask, house: House, endpoints: Iterable[str]) -> None:
    """Count the answers of `app` that these pages give."""
    tally = Tally(endpoints)
    house.furnish([tally])

    def begin(sender: Flask, **_: object) -> None:
        del sender
        held()[_BEGAN] = time.perf_counter()

    def end(sender: Flask, response: Response, **_: object) -> None:
        del sender
        now = time.perf_counter()
        took = now - held().get(_BEGAN, now)
        tally.add(request.endpoint, request.method, response.status_code, took)

    request_started.connect(begin, app, weak=False)
    request_finished.connect(end, app, weak=False)
