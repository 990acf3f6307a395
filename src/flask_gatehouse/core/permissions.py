"""What somebody may be allowed to do: names that are declared in code, each with a sentence."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from flask_gatehouse.core.errors import Misconfigured

#: A name has two parts or more, such as `reports.read`.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")

#: Characters of a name.
LONGEST_NAME: Final = 64

#: Decides about one thing: who asks, the thing, and whether a role of theirs allows it anyhow.
Rule = Callable[[Any, Any, bool], bool]


class UnknownPermission(LookupError):  # noqa: N818 - a statement, like the refusals
    """Code asks for a permission, or for a rule of one, that nobody declared."""


class Permissions:
    """Every permission of an application, and its rules about single things."""

    #: What somebody may do in the console of any application of this process: of what is not among
    #: these nobody needs to know which application it is about.
    of_any_console: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self, ours: Iterable[Mapping[str, str]], of_host: Mapping[str, str] | None = None
    ) -> None:
        """Take in what features and the host declare.

        Args:
            ours: mappings of names to sentences, such as "Read the reports".
            of_host: the same, of the application.

        Raises:
            Misconfigured: a name cannot be one, has no sentence, or is declared twice.
        """
        self._sentences: dict[str, str] = {}
        self._rules: dict[str, Rule] = {}
        for each in ours:
            for name, sentence in each.items():
                self._take(name, sentence)
        #: What somebody may do in the console.
        self.of_console: Final = frozenset(self._sentences)
        Permissions.of_any_console |= self.of_console
        for name, sentence in (of_host or {}).items():
            self._take(name, sentence)
        self.names: Final = frozenset(self._sentences)
        #: Returns the roles that code asks for by their names: to have one is a right of its own.
        self.roles_asked_for: Callable[[], frozenset[str]] = frozenset

    def _take(self, name: str, sentence: str) -> None:
        if len(name) > LONGEST_NAME or _NAME.fullmatch(name) is None:
            msg = f"{name!r} is no name of a permission; it has to look like reports.read."
            raise Misconfigured(msg)
        if not sentence.strip():
            msg = f"The permission {name} needs a sentence that says what it allows."
            raise Misconfigured(msg)
        if name in self._sentences:
            msg = f"The permission {name} is declared twice."
            raise Misconfigured(msg)
        self._sentences[name] = sentence

    def items(self) -> list[tuple[str, str]]:
        """Return names and sentences, in the order in which they were declared."""
        return list(self._sentences.items())

    def sentence(self, name: str) -> str | None:
        """Return what a permission allows; None if nobody declares it any more."""
        return self._sentences.get(name)

    def decide_by(self, name: str, rule: Rule) -> None:
        """Have a rule decide about single things.

        Raises:
            UnknownPermission: nobody declared the permission.
            Misconfigured: it has a rule.
        """
        self.must_know(name)
        if name in self._rules:
            msg = f"The permission {name} has a rule already."
            raise Misconfigured(msg)
        self._rules[name] = rule

    def rule(self, name: str) -> Rule:
        """Return the rule of a permission. Raises: UnknownPermission: it has none."""
        try:
            return self._rules[name]
        except KeyError:
            msg = f"{name} was asked about one thing, but has no rule: declare one."
            raise UnknownPermission(msg) from None

    def must_know(self, *names: str) -> None:
        """Return if all of them are declared. Raises: UnknownPermission."""
        for name in names:
            if name not in self.names:
                msg = f"The permission {name!r} is not declared."
                raise UnknownPermission(msg)
