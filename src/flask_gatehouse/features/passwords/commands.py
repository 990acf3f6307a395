"""`gatehouse passwords …`: choose what a hash costs."""

import json
import re

import click

from flask_gatehouse.core.settings import Size, size_of
from flask_gatehouse.features.passwords import calibration
from flask_gatehouse.features.passwords.calibration import Measured
from flask_gatehouse.features.passwords.settings import PasswordSettings
from flask_gatehouse.web.work import house

#: Milliseconds that somebody may ask for.
_SHORTEST, _LONGEST = 10, 2000


class Milliseconds(click.ParamType[float]):
    """A short time such as `100ms`."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds."""
        found = re.fullmatch(r"(\d{1,5})ms", str(value))
        if found is None or not _SHORTEST <= int(found[1]) <= _LONGEST:
            self.fail(f"is a time from {_SHORTEST}ms to {_LONGEST}ms.", param, ctx)
        return int(found[1]) / 1000


class Memory(click.ParamType[Size]):
    """A size such as `64MiB`."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Size:
        """Return bytes."""
        try:
            return size_of(str(value))
        except ValueError:
            self.fail("is a size such as 64MiB.", param, ctx)


@click.group()
def passwords() -> None:
    """Passwords: what hashing one costs."""


@passwords.command()
@click.option(
    "--target",
    type=Milliseconds(),
    default="100ms",
    show_default=True,
    help="How long one hash may take.",
)
@click.option(
    "--memory",
    type=Memory(),
    default="64MiB",
    show_default=True,
    help="The most memory of one hash; each slot of each process needs it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def calibrate(*, target: float, memory: Size, as_json: bool) -> None:
    """Measure argon2id on this machine and print the settings that fit.

    Run it while the machine does nothing else. Nothing is changed.
    """
    lanes = house().settings[PasswordSettings].hash_lanes
    measured = calibration.measure(target=target, most_memory_kib=memory // 1024, lanes=lanes)
    best = calibration.chosen(measured, target=target)
    if as_json:
        told = {"measured": [_told(each) for each in measured], "chosen": _told(best)}
        click.echo(json.dumps({**told, "settings": calibration.lines(best.cost)}))
        return
    click.echo("memory   passes   one hash   a core does")
    for each in measured:
        click.echo(_row(each))
    if best.seconds > target:
        click.echo("\nNothing that is safe is so quick here; this is the quickest:\n")
    else:
        click.echo("\nThe most memory, and with it the most passes, within the time:\n")
    click.echo("\n".join(calibration.lines(best.cost)))


def _row(each: Measured) -> str:
    memory = str(Size(each.cost.memory_kib * 1024))
    milliseconds = round(each.seconds * 1000)
    return f"{memory:8} {each.cost.time:6} {milliseconds:7} ms {1 / each.seconds:9.1f}/s"


def _told(each: Measured) -> dict[str, object]:
    return {
        "memory": str(Size(each.cost.memory_kib * 1024)),
        "passes": each.cost.time,
        "lanes": each.cost.lanes,
        "milliseconds": round(each.seconds * 1000, 1),
    }
