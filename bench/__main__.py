"""`python -m bench`: measure Gatehouse beside its peers and print the table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bench import environment
from bench.contenders import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.report import Figure

MEASURES = (
    "requests",
    "truth",
    "sql",
    "sign-in",
    "start",
    "memory",
    "growth",
    "purge",
    "letters",
    "factors",
    "rights",
    "answers",
    "storm",
    "throughput",
    "record",
    "people",
    "instructions",
)
APART = ("record", "people", "instructions")
"""Only measured when it is named: it takes minutes before the first page, or wants valgrind."""
ROWS_OF_RECORD = 10_000_000
PACKAGES = (
    "argon2-cffi",
    "django",
    "flask",
    "flask-gatehouse",
    "flask-login",
    "flask-security-too",
    "flask-sqlalchemy",
    "sqlalchemy",
    "werkzeug",
)
ROWS = 1_000_000
ROWS_QUICK = 10_000


def tell(text: str) -> None:
    """Say on standard error what is being done."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def options(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, and growth to 10^4")
    parser.add_argument(
        "--rows", type=int, help=f"users and sessions to grow to, sessions to purge [{ROWS}]"
    )
    parser.add_argument(
        "--postgres", metavar="URL", help="an empty database, to purge there too; it is filled"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        choices=[*MEASURES, *NAMES],
        metavar="NAME",
        help=f"a measure ({', '.join(MEASURES)}) or a contender ({', '.join(NAMES)}); "
        "may be given several times",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args(arguments)


def chosen(only: list[str], known: tuple[str, ...]) -> list[str]:
    """Return the known names that were asked for; all if none was."""
    return [name for name in known if name in only] or list(known)


def prepared(names: list[str], folder: Path) -> list[str]:
    """Make the databases; return the contenders that could be made."""
    from bench import fresh  # noqa: PLC0415 - needs the benchmark's environment.

    able = []
    for name in names:
        (folder / name).mkdir()
        try:
            fresh.ask("prepare", name, folder / name)
        except fresh.ContenderFailedError as error:
            tell(f"{name} is left out: {error}")
        else:
            able.append(name)
    return able


def stages(
    names: list[str],
    folder: Path,
    asked: argparse.Namespace,
) -> dict[str, Callable[[], list[Figure]]]:
    """Return what to do for each measure."""
    from bench import figures, measure  # noqa: PLC0415 - needs the benchmark's environment.

    effort = measure.QUICK if asked.quick else measure.FULL
    rows = asked.rows or (ROWS_QUICK if asked.quick else ROWS)
    running: dict[str, measure.Running] = {}

    def built() -> dict[str, measure.Running]:
        running.update(running or measure.build(names, folder))
        return running

    return {
        "requests": lambda: figures.of_requests(built(), effort),
        "truth": lambda: figures.of_truth(folder, effort),
        "sql": lambda: figures.of_traffic(names, folder),
        "instructions": lambda: figures.of_instructions(names, folder),
        "sign-in": lambda: figures.of_sign_ins(built(), effort),
        "start": lambda: figures.of_starts(names, folder, effort),
        "memory": lambda: figures.of_memory(names, folder),
        "letters": lambda: figures.of_letters(names, folder / "letters", effort),
        "factors": lambda: figures.of_factors(names, folder / "factors", effort),
        "rights": lambda: figures.of_rights(names, folder / "rights", effort),
        "answers": lambda: figures.of_answers(built(), effort),
        "storm": lambda: figures.of_storms(names, folder, effort),
        "throughput": lambda: figures.of_throughput(names, folder, effort),
        "growth": lambda: figures.of_growth(names, folder / "growth", effort, rows, tell),
        "record": lambda: figures.of_record(
            names, folder / "record", asked.rows or (ROWS if asked.quick else ROWS_OF_RECORD), tell
        ),
        "people": lambda: figures.of_people(names, folder / "people", rows, tell),
        "purge": lambda: figures.of_purge(names, folder / "purge", rows, asked.postgres, tell),
    }


def surroundings(asked: argparse.Namespace) -> dict[str, object]:
    """Return what a reader must know to compare two files of figures."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processors": os.cpu_count(),
        "quick": asked.quick,
        "packages": {name: version(name) for name in PACKAGES},
    }


def run(asked: argparse.Namespace) -> int:
    """Measure what was asked for, and print the table; 1 if a part of it is missing."""
    from bench import report  # noqa: PLC0415 - beside the other parts.

    wanted = chosen(asked.only, NAMES)
    names = [name for name in NAMES if name in wanted or name in report.BASES]
    lines: list[Figure] = []
    whole = True
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        tell("making the databases")
        able = prepared(names, Path(folder))
        for name, work in stages(able, Path(folder), asked).items():
            if name in chosen(asked.only, MEASURES) and (name not in APART or name in asked.only):
                whole &= attempted(name, work, lines)
    print(report.table(lines))
    if asked.json:
        data = {**surroundings(asked), "figures": report.as_data(lines)}
        asked.json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    return 0 if whole and able == names else 1


def attempted(name: str, work: Callable[[], list[Figure]], lines: list[Figure]) -> bool:
    """Add the lines of one measure; if a contender fails, say so and keep the other measures."""
    from bench import fresh, wsgi  # noqa: PLC0415 - beside the other parts.

    tell(f"measuring: {name}")
    try:
        lines += work()
    except (fresh.ContenderFailedError, wsgi.UnexpectedAnswerError) as error:
        tell(f"{name} is left out: {error}")
        return False
    return True


def main() -> int:
    """Run here if this is the benchmark's environment, else in it."""
    asked = options(sys.argv[1:])
    if environment.is_ours():
        return run(asked)
    return environment.rerun(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
