"""The record is counted beside the requests."""

from datetime import timedelta

from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.statistics import counting


class Counting(Chore):
    """Counts what happened lately, and what was not counted yet."""

    every = timedelta(minutes=1)

    def do(self, works: Works) -> bool:
        """Count; return whether there is more of the past."""
        return counting.step(works)
