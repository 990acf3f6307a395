"""Letters from templates. Templates are files; what people typed only ever fills them in."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateNotFound,
    select_autoescape,
)

from flask_gatehouse.features.mail import rules, tokens

#: Each feature keeps its letters in a folder `mail` of its own.
_FEATURES: Final = Path(__file__).parents[1]

_LETTER: Final = re.compile(r"gatehouse/mail/([^/]+)/subject\.txt")


@dataclass(frozen=True)
class Rendered:
    """What one letter says."""

    subject: str
    text: str
    html: str


class Letters:
    """Finds and fills in the templates of letters: those of the host first, then ours.

    Each letter is a folder with `subject.txt`, `body.txt`, `body.html`, and `sample.toml`, which
    holds facts to look at it with.
    """

    def __init__(self, host_folder: Path | None = None) -> None:
        """Args: host_folder: templates in it at `gatehouse/mail/<letter>/` replace ours."""
        self._templates = Environment(
            loader=_loader(host_folder),
            autoescape=select_autoescape(("html",), default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._templates.globals.update(tokens.of_site())

    def render(self, letter: str, facts: Mapping[str, object]) -> Rendered:
        """Fill in one letter. A fact that a template needs and nobody gave is an error.

        Raises:
            SubjectRefused: the facts do not make a subject of one line.
        """
        return Rendered(
            subject=rules.subject(self._fill(letter, "subject.txt", facts)),
            text=rules.body(self._fill(letter, "body.txt", facts)),
            html=rules.body(self._fill(letter, "body.html", facts)),
        )

    def names(self) -> list[str]:
        """Return the names of all letters, those that only the host has included."""
        found = (_LETTER.fullmatch(name) for name in self._templates.list_templates())
        return sorted(match[1] for match in found if match)

    def sample(self, letter: str) -> dict[str, object]:
        """Return facts to look at a letter with; none if it needs none, or nobody wrote any."""
        try:
            name = f"gatehouse/mail/{letter}/sample.toml"
            source, _, _ = _source(self._templates, name)
        except TemplateNotFound:
            return {}
        return tomllib.loads(source)

    def _fill(self, letter: str, part: str, facts: Mapping[str, object]) -> str:
        return self._templates.get_template(f"gatehouse/mail/{letter}/{part}").render(facts)


def _source(templates: Environment, name: str) -> tuple[str, object, object]:
    """Return a file as it stands there: what is in it is no template."""
    if templates.loader is None:
        raise TemplateNotFound(name)
    return templates.loader.get_source(templates, name)


def _loader(host_folder: Path | None) -> BaseLoader:
    ours = FileSystemLoader(sorted(_FEATURES.glob("*/mail")))
    shipped = PrefixLoader({"gatehouse": PrefixLoader({"mail": ours})})
    if host_folder is None:
        return shipped
    return ChoiceLoader([FileSystemLoader(host_folder), shipped])
