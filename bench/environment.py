"""The benchmark's own virtual environment: pinned peers, and this working tree.

All contenders run under one interpreter with the same versions of Flask and
SQLAlchemy, and without the settings that somebody may have in the environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
FOLDER = Path("build", "bench-venv")
CLEAN = "BENCH_ENVIRONMENT_IS_CLEAN"

UNWANTED = ("DJANGO_", "FLASK_", "GATEHOUSE_", "PYTHON", "SECURITY_")
"""Beginnings of variables that change what a contender does, or how it is compiled."""


def is_ours() -> bool:
    """Tell whether this very process runs in the benchmark's environment."""
    return Path(sys.prefix).resolve() == (ROOT / FOLDER).resolve() and CLEAN in os.environ


def rerun(arguments: Sequence[str]) -> int:
    """Run the benchmark inside its environment, made first if need be."""
    installer = ["tools/install.sh", "bench", str(FOLDER)]
    subprocess.run(installer, cwd=ROOT, check=True)
    kept = {name: text for name, text in os.environ.items() if not name.startswith(UNWANTED)}
    command = [str(FOLDER / "bin" / "python"), "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, env=kept | {CLEAN: "1"}, check=False).returncode
