"""What `doctor` finds: something to mend."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """Something to mend: what, why it matters, and the line to change."""

    severity: Literal["unsafe", "note"]
    what: str
    why: str
    mend: str


def open_to_others(paths: Iterable[Path], *, why: str) -> Iterator[Finding]:
    """Yield the files and folders that other users of this machine can open.

    Windows has no such modes: who may open a file there is inherited from its folder.
    """
    if os.name == "nt":
        return
    for path in paths:
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            mode = "700" if path.is_dir() else "600"
            yield Finding(
                "unsafe",
                f"{path} can be opened by other users of this machine.",
                why,
                f"chmod {mode} {path}",
            )
