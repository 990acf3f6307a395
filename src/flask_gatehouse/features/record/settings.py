"""How much of the record somebody carries away at once."""

from dataclasses import dataclass

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class RecordSettings:
    """The record in the console."""

    export_limit: int = setting(
        100_000,
        "Events that the console hands out in one file; more are had by `gatehouse audit export`.",
        floor=1,
    )
