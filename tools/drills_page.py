"""Write `docs/reference/drills.md`: what has to happen when a part is down.

    .venv/bin/python tools/drills_page.py

What is expected stands in `tests/drills/expected.toml`; a test says by its mark which row it plays.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "tests" / "drills"
PAGE: Final = ROOT / "docs" / "reference" / "drills.md"

_MARK: Final = re.compile(r'^@pytest\.mark\.drill\("([^"]+)"\)$', re.MULTILINE)

Row = Mapping[str, str]


def rows() -> dict[str, Row]:
    """Return what is expected, by the name of the drill."""
    found: dict[str, Row] = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
    return found


def played() -> dict[str, set[str]]:
    """Return for each drill that tests play the files in which they are."""
    found: dict[str, set[str]] = {}
    for path in sorted(FOLDER.glob("test_*.py")):
        for name in _MARK.findall(path.read_text("utf-8")):
            found.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    return found


def page() -> str:
    """Return the page."""
    lines = [_NOTE, "", "# Drills", "", _ABOUT, "", _HEAD, "| --- | --- | --- | --- |"]
    where = played()
    for name, row in rows().items():
        files = ", ".join(f"`{file}`" for file in sorted(where.get(name, ())))
        lines.append(f"| {row['part']} | {row['people']} | {row['never']} | {files} |")
    return "\n".join(lines) + "\n"


_NOTE: Final = "<!-- Written by tools/drills_page.py. Do not edit. -->"

_ABOUT: Final = (
    "What has to happen when a part is down. The table was written before the tests, which play it "
    "with the real site and its processes, and real servers behind a wire that can be cut and "
    "blocked. [Operations](../operations.md#when-a-part-is-down) says what you do."
)

_HEAD: Final = "| what is down | what people get | what must never happen | played by |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")
    print(f"{PAGE.relative_to(ROOT)} is up to date")


if __name__ == "__main__":
    main()
