"""What one folder under `features/` may offer to the house."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint

from flask_gatehouse.core.events import Event
from flask_gatehouse.core.house import House
from flask_gatehouse.core.sentences import Sentence


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One capability: its settings, pages, commands, events, and what it plugs into others."""

    name: str
    settings: type[Any] | None = None
    blueprint: Blueprint | None = None
    #: Added to `gatehouse …` and `flask gatehouse …`: name to `module:command`. Imported when
    #: somebody types it, because a process that serves pages needs none.
    commands: Mapping[str, str] = field(default_factory=dict)
    events: tuple[type[Event], ...] = ()
    #: What people are told about a refusal, by its code.
    sentences: Mapping[str, Sentence] = field(default_factory=dict)
    #: Called once for each application; each result is found by its type through the house.
    plugs: tuple[Callable[[House], object], ...] = ()
