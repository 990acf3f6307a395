"""For how long somebody may see the site as somebody else, and what they can do there."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class ViewingSettings:
    """Seeing the site as another person."""

    lifetime: timedelta = setting(
        timedelta(minutes=30),
        "How long whoever may do so sees the site as another person; then it is over, and nothing "
        "makes it longer. A view that nobody uses for five minutes is over as well.",
        floor=timedelta(minutes=1),
        cap=timedelta(hours=1),
    )
    changes: bool = setting(
        default=False,
        meaning="Whether the host's own pages take forms from whoever sees them as another person. "
        "Our pages never do.",
        profiles={"asvs-l2": False},
    )
    letter: bool = setting(
        default=True,
        meaning="Whether people get a letter when somebody looks at the site as them. They read it "
        "in their activity anyhow.",
        profiles={"asvs-l2": True},
        more_is_safer=True,
    )
