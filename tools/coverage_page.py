"""Write `docs/reference/checks.md`: which known weaknesses have tests here, and which have not yet.

    .venv/bin/python tools/coverage_page.py

The states are in `tests/security/coverage.toml`; the tests are found by their names.
"""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
TABLE: Final = ROOT / "tests" / "security" / "coverage.toml"
PAGE: Final = ROOT / "docs" / "reference" / "checks.md"

STATES: Final = ("held", "later", "documented", "not applicable")

#: A test says by its name which check it is.
_NAMES: Final = (
    (re.compile(r"test_asvs_(\d+)_(\d+)_(\d+)_"), "{}.{}.{}"),
    (re.compile(r"test_([a-z]{3})_(\d{2})_"), "{}-{}"),
)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One weakness that is known, and what is done about it."""

    id: str
    title: str
    state: str
    #: What has to exist first.
    needs: str = ""
    #: The page that documents it.
    where: str = ""
    reason: str = ""

    @property
    def chapter(self) -> str:
        """Return the heading under which it stands."""
        if "-" in self.id:
            return self.id.partition("-")[0]
        return "ASVS V" + ".".join(self.id.split(".")[:2])


def checks(table: Path = TABLE) -> dict[str, Check]:
    """Return every check of the table, in its order."""
    read = tomllib.loads(table.read_text("utf-8"))
    return {name: Check(id=name, **fields) for name, fields in read.items()}


def named_tests(folder: Path = ROOT / "tests") -> dict[str, dict[str, list[str]]]:
    """Return for each check the files with tests named after it, and their names."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            name = check_of(node.name)
            if name is not None:
                file = path.relative_to(ROOT).as_posix()
                found.setdefault(name, {}).setdefault(file, []).append(node.name)
    return found


def check_of(name: str) -> str | None:
    """Return the check that a test is named after, if it is named after one."""
    for pattern, shape in _NAMES:
        match = pattern.match(name)
        if match is not None:
            return shape.format(*match.groups()).upper()
    return None


def page(
    table: Mapping[str, Check] | None = None,
    tests: Mapping[str, Mapping[str, list[str]]] | None = None,
) -> str:
    """Return the page."""
    known = checks() if table is None else table
    named = named_tests() if tests is None else tests
    lines = [_NOTE, "", "# Checks", "", _ABOUT, ""]
    states = Counter(check.state for check in known.values())
    lines += ["| state | checks |", "| --- | --- |"]
    lines += [f"| {state} | {states[state]} |" for state in STATES]
    chapter = ""
    for check in known.values():
        if check.chapter != chapter:
            chapter = check.chapter
            lines += [
                "",
                f"## {_CHAPTERS.get(chapter, chapter)}",
                "",
                _HEAD,
                "| --- | --- | --- | --- | --- |",
            ]
        files = ", ".join(f"`{file}`" for file in sorted(named.get(check.id, {})))
        lines.append(f"| {check.id} | {check.title} | {check.state} | {files} | {_why(check)} |")
    return "\n".join(lines) + "\n"


def _why(check: Check) -> str:
    needs = f"Needs {check.needs}." if check.needs else ""
    where = f"See `{check.where}`." if check.where else ""
    return " ".join(part for part in (needs, where, check.reason) if part)


_NOTE: Final = "<!-- Written by tools/coverage_page.py. Do not edit. -->"

_ABOUT: Final = (
    "Weaknesses that were published in products like this one, and clauses of OWASP ASVS 5.0, with "
    "what this project does about each. A check that is *held* has tests named after it; a test "
    "compares this page with them. *Later* says what has to exist first."
)

_HEAD: Final = "| check | what holds | state | tests | why, and what else to know |"

_CHAPTERS: Final = {
    "RED": "RED: redirects",
    "SES": "SES: sessions and cookies",
    "REM": "REM: being remembered",
    "ENU": "ENU: telling who has an account",
    "THR": "THR: limits of attempts",
    "PWD": "PWD: passwords",
    "CSR": "CSR: requests from other sites",
    "INJ": "INJ: text that becomes something else",
    "INP": "INP: hostile input",
    "ADM": "ADM: rights and administration",
    "LOG": "LOG: the record and the logs",
    "HDR": "HDR: headers, hosts and caches",
    "CFG": "CFG: keys and configuration",
    "FAI": "FAI: what happens when something fails",
}


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
    print(f"{PAGE.relative_to(ROOT)} is up to date")


if __name__ == "__main__":
    main()
