"""What one folder under `features/` may offer to the house.

A feature is declared by names of modules, and its rooms are opened when somebody first enters: an
application starts without loading the database, the forms and the commands that it may never need,
and `Gatehouse.load` opens all of them at once before a server forks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

#: Who may enter a page. "fresh" asks for a proof as recent as `GATEHOUSE_SESSIONS_FRESH_FOR`, by
#: what the account has. "pending" is a sign-in that owes its second step; "enrolling" is a fresh
#: session, or a sign-in that owes a factor. "permitted" asks for the permission that the route
#: needs, and "fresh permitted" for a recent proof as well.
Access = Literal[
    "public",
    "signed in",
    "fresh",
    "permitted",
    "fresh permitted",
    "pending",
    "enrolling",
]


@dataclass(frozen=True, kw_only=True)
class Route:
    """A page: where it is, who may enter, and which function answers.

    There is no page without a word on who may enter, because there is no route without one.
    """

    rule: str
    access: Access
    #: `module:function`; the function's name is that of the endpoint.
    view: str
    methods: tuple[str, ...] = ("GET",)
    #: The permission that "permitted" asks for.
    needs: str | None = None
    #: What the console calls it; None leaves it out of its tabs.
    console: str | None = None
    #: What the page *Your account* calls it; None leaves it out there.
    listed: str | None = None
    #: `module:function` that says whether whoever asks is led there; None leads everybody.
    listed_if: str | None = None
    #: Whether it asks for two factors, proven in this session, as well.
    two_factors: bool = False
    #: Whether it answers whoever sees the site as somebody else. None is what they may look at:
    #: what is public, or for anybody signed in, and never a form.
    while_viewing: bool | None = None

    def __post_init__(self) -> None:
        """Refuse a page that says "permitted" and not what for. Raises: ValueError."""
        if ("permitted" in self.access) != (self.needs is not None):
            msg = f"{self.rule}: whoever is permitted has a permission, and nobody else needs one"
            raise ValueError(msg)

    def answers_viewers(self, *, safe: bool) -> bool:
        """Whether whoever sees the site as somebody else gets an answer.

        Args:
            safe: whether they only ask, and send nothing.
        """
        if self.while_viewing is not None:
            return self.while_viewing
        return safe and self.access in {"public", "signed in"}

    @property
    def endpoint(self) -> str:
        """Name of the page within its feature."""
        return self.view.partition(":")[2]


@dataclass(frozen=True, kw_only=True)
class Check:
    """What must be looked at before the start, if one of these settings is not the default."""

    keys: tuple[str, ...]
    #: `module:function`; called with the house, raises Misconfigured.
    place: str


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What `doctor` looks at, known by the feature that brings it."""

    #: `module:function`; called with how work begins, yields findings.
    place: str
    #: Speaks to something else than the database, and is left out if nothing may be reached.
    reaches_out: bool = False
    #: Takes longer than somebody who opens a page should wait: it hashes, or compares tables.
    takes_long: bool = False
    #: Tells of a database that does not answer, so that no other examination has to.
    speaks_for_database: bool = False


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One capability: its settings, pages, commands, events, and what it plugs into others."""

    name: str
    settings: type[Any] | None = None
    routes: tuple[Route, ...] = ()
    #: Added to `gatehouse …` and `flask gatehouse …`: name to `module:command`.
    commands: Mapping[str, str] = field(default_factory=dict)
    #: Module of the feature's tables.
    tables: str | None = None
    #: Module of the events that the feature records.
    events: str | None = None
    #: What somebody may be allowed to do here: name to sentence.
    permissions: Mapping[str, str] = field(default_factory=dict)
    #: `module:mapping` of what people are told about a refusal, by its code.
    sentences: str | None = None
    #: `module:factory`; each is called once for an application, with its house, and what it returns
    #: is found by its type.
    plugs: tuple[str, ...] = ()
    #: `module:sequence` of what limits attempts, for the page of limits.
    limits: str | None = None
    checks: tuple[Check, ...] = ()
    examinations: tuple[Examination, ...] = ()


def load(place: str) -> Any:  # noqa: ANN401 - whatever is declared there
    """Import what `module:attribute` names."""
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)
