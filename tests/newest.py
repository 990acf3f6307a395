"""The number of the last migration that is shipped."""

from pathlib import Path
from typing import Final

from flask_gatehouse.db.migrations import runner

NEWEST: Final = max(path.name for path in Path(runner.__file__).parent.glob("versions/0*.py"))[:4]
