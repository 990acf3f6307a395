"""`gatehouse routes`: every address of the application, and who may enter."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import click
from flask import Flask, current_app

from flask_gatehouse.web.protecting import UNMARKED, Protection, who
from flask_gatehouse.web.work import house


@dataclass(frozen=True)
class Entrance:
    """One address, and who may enter by some of its methods."""

    rule: str
    methods: tuple[str, ...]
    who: str
    endpoint: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--unmarked",
    is_flag=True,
    help="Only those of which nothing says who may enter; exit status 1 if there are any.",
)
def routes(*, as_json: bool, unmarked: bool) -> None:
    """List every address of the application, with its methods and who may enter."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - the application itself
    protection = house().part(Protection)
    protection.check(app)
    found = [each for each in entrances(app, protection) if not unmarked or each.who == UNMARKED]
    for each in found:
        told = {
            "rule": each.rule,
            "methods": list(each.methods),
            "who": each.who,
            "endpoint": each.endpoint,
        }
        plain = f"{each.rule:44}  {','.join(each.methods):9}  {each.who}"
        click.echo(json.dumps(told) if as_json else plain)
    if unmarked and found:
        msg = "Nothing says who may enter these: mark them, or protect the application."
        raise click.ClickException(msg)


def entrances(app: Flask, protection: Protection) -> Iterator[Entrance]:
    """Yield every address by its path; more than once if its methods let in different people."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda each: (each.rule, each.endpoint)):
        if rule.endpoint not in app.view_functions:
            continue
        methods = set(rule.methods or ())
        if getattr(rule, "provide_automatic_options", False):
            methods.discard("OPTIONS")
        if "GET" in methods:
            methods.discard("HEAD")
        let_in: dict[str, list[str]] = {}
        for method in sorted(methods):
            let_in.setdefault(who(app, protection, rule.endpoint, method), []).append(method)
        for words, by in let_in.items():
            yield Entrance(rule.rule, tuple(by), words, rule.endpoint)
