"""The ground: what is pinned, and what can be made."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINS = sorted((ROOT / "requirements").glob("*.txt"))
REQUIREMENT = re.compile(r"^[a-z0-9]\S*==\S+")


@pytest.mark.parametrize("pins", PINS, ids=lambda pins: pins.name)
def test_pins_hold_no_address_and_no_path(pins: Path) -> None:
    found = [
        line
        for line in pins.read_text("utf-8").splitlines()
        if re.search(r"://|(^|\s|=)(/|\./|\.\./|~/|file:|git\+|-e|-f|-i|--(?!hash=))", line)
    ]

    # The command in the header is the one thing with a double dash.
    assert [line for line in found if "make lock" not in line] == []


@pytest.mark.parametrize("pins", PINS, ids=lambda pins: pins.name)
def test_every_pin_is_exact_and_has_a_hash(pins: Path) -> None:
    entries = re.split(r"\n(?=\S)", pins.read_text("utf-8"))
    packages = [entry for entry in entries if not entry.startswith("#")]

    assert packages
    assert [
        entry for entry in packages if not REQUIREMENT.match(entry) or "--hash=sha256:" not in entry
    ] == []


@pytest.mark.parametrize("pins", PINS, ids=lambda pins: pins.name)
def test_pins_say_how_to_renew_them(pins: Path) -> None:
    assert "make lock" in pins.read_text("utf-8").split("\n\n", 1)[0][:300]


def test_the_tests_run_with_the_versions_that_the_site_runs_with() -> None:
    def pinned(name: str) -> set[str]:
        lines = (ROOT / "requirements" / name).read_text("utf-8").splitlines()
        return {line.split(" ", 1)[0] for line in lines if REQUIREMENT.match(line)}

    assert pinned("site.txt") - pinned("dev.txt") == set()


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert set(re.findall(r"^  make ([\w-]+) ", shown, re.MULTILINE)) == targets
    assert targets >= {"help", "run", "test", "check", "bench", "docs", "lock", "clean"}
