"""Write the pages of `docs/reference/`, and the facts in `docs/features/`, from the code itself.

    .venv/bin/python tools/reference.py

Nothing in these pages is written by hand; a test compares them with what this makes.
"""

import importlib
import inspect
import os
import pkgutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import click  # noqa: E402 - after the path, like all below
from flask import Flask  # noqa: E402
from sqlalchemy import (  # noqa: E402
    Column,
    Dialect,
    ForeignKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql  # noqa: E402
from werkzeug.routing import Rule  # noqa: E402

import flask_gatehouse  # noqa: E402
from flask_gatehouse.core.errors import Refusal, Unavailable  # noqa: E402
from flask_gatehouse.core.events import Event  # noqa: E402
from flask_gatehouse.core.profiles import PROFILES, asking  # noqa: E402
from flask_gatehouse.core.settings import Declared, declared, kind_of, written  # noqa: E402
from flask_gatehouse.db.base import Base  # noqa: E402
from flask_gatehouse.extension import Gatehouse, _groups, events_in, events_of  # noqa: E402
from flask_gatehouse.feature import Feature, load  # noqa: E402
from flask_gatehouse.features.throttling.limits import Limiter  # noqa: E402
from flask_gatehouse.shipped import FEATURES  # noqa: E402
from flask_gatehouse.web.access import MARK, NEEDS  # noqa: E402
from flask_gatehouse.web.errors import STATUS  # noqa: E402
from gatehouse_site.app import create_app  # noqa: E402
from gatehouse_site.cli import run  # noqa: E402
from tests.flask_login.behaviours import BEHAVIOURS, Behaviour  # noqa: E402

DOCS: Final = ROOT / "docs"

#: Between these lines of a feature's page stands what this program writes.
BEGIN: Final = "<!-- facts: written by tools/reference.py -->"
END: Final = "<!-- end of facts -->"

_NOTE: Final = "<!-- Written by tools/reference.py from the code. Do not edit. -->"

#: The dialect in which types are written.
_POSTGRES: Final[Dialect] = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's own

#: Names under which the groups that belong to no feature are shown.
_SHARED: Final = {"": "The site as a whole", "web": "Pages", "database": "Database"}


# What the code declares


def settings_of(group: str) -> list[Declared]:
    """Return the settings of a group in the order of their declaration."""
    shape = _groups(FEATURES).get(group)
    return [] if shape is None else list(declared(group, shape))


def all_settings() -> list[Declared]:
    """Return every setting."""
    return [each for group in _groups(FEATURES) for each in settings_of(group)]


def all_events() -> list[type[Event]]:
    """Return every event that can be recorded."""
    return events_of(FEATURES)


def refusals() -> list[type[Refusal] | type[Unavailable]]:
    """Return every refusal and failure that the code declares, by code."""
    for module in pkgutil.walk_packages(flask_gatehouse.__path__, "flask_gatehouse."):
        if "migrations." not in module.name and not module.name.endswith(".plugin"):
            importlib.import_module(module.name)
    kinds = [*_below(Refusal), *_below(Unavailable)]
    ours = {kind for kind in kinds if kind.__module__.startswith("flask_gatehouse.")}
    return sorted(ours, key=lambda kind: kind.code)


def status_of(kind: type[Refusal] | type[Unavailable]) -> str:
    """Return the HTTP status that a refusal is answered with."""
    if issubclass(kind, Unavailable):
        return "503"
    # A refusal of no kind is a bad request, as in `web.errors`.
    return next((str(status) for parent, status in STATUS if issubclass(kind, parent)), "400")


def commands() -> dict[str, click.Command]:
    """Return every command by what is typed after `gatehouse`."""
    group = Gatehouse.command_group()
    group.add_command(run)
    return dict(_walk(group, click.Context(group), ""))


def views(app: Flask) -> list[tuple[Rule, str]]:
    """Return every address of the site with who may enter."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    return [(rule, _access(app, rule)) for rule in rules]


def site() -> Flask:
    """Return the site, on a database that is never opened."""
    before = {name: os.environ[name] for name in os.environ if name.startswith("GATEHOUSE_")}
    for name in before:
        del os.environ[name]
    try:
        with tempfile.TemporaryDirectory() as home:
            return create_app({"GATEHOUSE_HOME": home})
    finally:
        os.environ.update(before)


def limiters() -> list[tuple[Feature, Limiter]]:
    """Return everything that limits attempts, with the feature it belongs to."""
    return [
        (feature, limiter)
        for feature in FEATURES
        if feature.limits
        for limiter in load(feature.limits)
    ]


def tables() -> list[Table]:
    """Return every table, by name."""
    return sorted(Base.metadata.tables.values(), key=lambda table: table.name)


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _walk(
    group: click.Group, context: click.Context, path: str
) -> Iterator[tuple[str, click.Command]]:
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        full = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            yield from _walk(command, context, full)
        elif command is not None:
            yield full, command


def _access(app: Flask, rule: Rule) -> str:
    if rule.endpoint.endswith("static"):
        return "public (files)"
    view = app.view_functions[rule.endpoint]
    needs = ", ".join(f"`{name}`" for name in getattr(view, NEEDS, ()))
    return f"{getattr(view, MARK)}: {needs}" if needs else str(getattr(view, MARK))


# Pages


def settings_page() -> str:
    """Return the page of settings."""
    lines = [
        "# Settings",
        "",
        (
            "Each is a key of `app.config` and an environment variable of the same name; "
            "`app.config` goes first, then the environment, then the "
            "[profile](profiles.md), then the default. A name that begins with `GATEHOUSE_` and is "
            "none of these stops the start, and so does a value of the "
            "wrong kind or beyond its bounds. `gatehouse settings` shows what is in force and "
            "where it comes from."
        ),
        "",
        (
            "Times are written `30m`, `12h`, `7d`; sizes `64MiB`; rates `10/15m`, ten in fifteen "
            "minutes; lists with commas."
        ),
        "",
    ]
    for group in _groups(FEATURES):
        title = _SHARED.get(group) or f"[{group}](../features/{group}.md)"
        lines += [f"## {title}", ""]
        for each in settings_of(group):
            lines += [f"### `{each.key}`", "", each.meaning, "", _setting_line(each), ""]
    return _page(lines)


def profiles_page() -> str:
    """Return the page of profiles."""
    rows = []
    for each in all_settings():
        if each.profiles:
            asked = [asking(profile, each.profiles) for profile in PROFILES]
            values = [each.default if one is None else each.profiles[one] for one in asked]
            key = f"[`{each.key}`](settings.md#{each.key.lower()})"
            rows.append([key, *(f"`{written(value)}`" for value in values)])
    return _page(
        [
            "# Profiles",
            "",
            (
                "What `GATEHOUSE_PROFILE` makes of the defaults. A value in `app.config` or in the "
                "environment goes before that of the profile, also a weaker one; `gatehouse "
                "settings` says where each comes from, and `gatehouse doctor` names those that are "
                "weaker, and what the profile asks beyond settings. A profile alone makes no site "
                "reach a level of OWASP ASVS."
            ),
            "",
            *_table(["setting", *(f"`{profile}`" for profile in PROFILES)], rows),
        ]
    )


def events_page() -> str:
    """Return the page of events."""
    names = {feature.name for feature in FEATURES}
    rows = []
    for event in all_events():
        owner = event.name.partition(".")[0]
        page = f"[{owner}](../features/{owner}.md)" if owner in names else ""
        rows.append([*_event_row(event), page])
    return _page(
        [
            "# Events",
            "",
            (
                "What is written to the record (`gatehouse_audit`), in the transaction of the "
                "change it tells of. Each row also holds the time, whose account it is about, who "
                "did it, the public id of the session, the channel (`web`, `command` or `worker`), "
                "the address, the browser's description of itself, and the id of the request. No "
                "fact ever holds a password, a link or a handle."
            ),
            "",
            *_table(["event", "outcome", "meaning", "facts", "feature"], rows),
        ]
    )


def errors_page() -> str:
    """Return the page of refusals."""
    rows = [[f"`{kind.code}`", status_of(kind), _first_line(kind)] for kind in refusals()]
    return _page(
        [
            "# Errors",
            "",
            (
                "Every refusal is one of five kinds, and has a stable code and facts. What people "
                "read follows from the code, the HTTP status from the kind. A refusal rolls back "
                "everything that was done in its unit of work; on the command line it is exit "
                "status 1."
            ),
            "",
            *_table(["code", "status", "meaning"], rows),
        ]
    )


def commands_page() -> str:
    """Return the page of commands."""
    lines = [
        "# Commands",
        "",
        (
            "On the site they begin with `gatehouse` (after `make run`: `.venv/bin/gatehouse`), in "
            "a host application with `flask gatehouse`; `run` exists on the site only. Exit "
            "status: 0 done, 1 refused, 2 wrong usage. A refusal changes nothing, and one line of "
            "standard error says why."
        ),
        "",
    ]
    for name, command in commands().items():
        lines += [f"## `gatehouse {name}`", "", *_command_body(name, command)]
    return _page(lines)


def routes_page() -> str:
    """Return the page of addresses."""
    rows = [
        [f"`{rule.rule}`", _methods(rule), access, f"`{rule.endpoint}`"]
        for rule, access in views(site())
    ]
    return _page(
        [
            "# Pages",
            "",
            (
                "Every address of the site, and who may enter. Those whose endpoint begins with "
                "`gatehouse.` are the extension's own; a host has the same ones, under "
                "`GATEHOUSE_WEB_URL_PREFIX`, unless it was given `pages=False`."
            ),
            "",
            *_table(["address", "methods", "who", "endpoint"], rows),
        ]
    )


def permissions_page() -> str:
    """Return the page of permissions: what each allows, and the pages that ask for it."""
    asking = list(views(site()))
    rows = [
        [
            f"`{name}`",
            sentence,
            ", ".join(f"`{rule.rule}`" for rule, access in asking if f"`{name}`" in access),
        ]
        for feature in FEATURES
        for name, sentence in feature.permissions.items()
    ]
    return _page(
        [
            "# Permissions",
            "",
            (
                "What somebody may be allowed to do in the console. Administrators may do all of "
                "it; others what their [roles](../features/roles.md) allow. A host declares its "
                "own beside these."
            ),
            "",
            *_table(["permission", "allows to", "pages that ask for it"], rows),
        ]
    )


def limits_page() -> str:
    """Return the page of limits."""
    rows = []
    for feature, limiter in limiters():
        (each,) = [one for one in settings_of(feature.name) if one.name == limiter.field]
        setting = f"[`{each.key}`](settings.md#{each.key.lower()})"
        default = f"`{written(each.default)}`"
        rows.append([limiter.counts, limiter.key, default, setting, limiter.reaction])
    return _page(
        [
            "# Limits",
            "",
            (
                "Everything that limits attempts. A rate `10/15m` is ten in fifteen minutes, and "
                "the window opens with the first of them. Each is counted before anything is "
                "verified, by one atomic step in the database or in Redis, and stays counted when "
                "the request fails. Why a stranger cannot lock anybody out is told "
                "[beside the feature](../features/throttling.md)."
            ),
            "",
            *_table(["what is counted", "key", "limit", "setting", "when it is passed"], rows),
        ]
    )


def schema_page() -> str:
    """Return the page of tables."""
    lines = [
        "# Schema",
        "",
        (
            "The tables, as on PostgreSQL. They are made by the shipped migrations, whose own "
            "history is in `gatehouse_schema`; nothing else is ever created. Columns named "
            "`digest` hold a keyed hash of a secret, never the secret."
        ),
        "",
    ]
    for table in tables():
        rows = [_column_row(column) for column in table.columns]
        lines += [
            f"## `{table.name}`",
            "",
            _model_line(table),
            "",
            *_table(["column", "type", "null", "key"], rows),
            "",
        ]
    return _page(lines)


def flask_login_page() -> str:
    """Return the table of Flask-Login's behaviours."""
    differing = [row for row in BEHAVIOURS if row.state == "differs"]
    lines = [
        "# Flask-Login's behaviours",
        "",
        (
            f"What Flask-Login promises, and what Gatehouse makes of it: {len(BEHAVIOURS)} "
            f"behaviours, of which {len(differing)} differ on purpose. Each row is a test that "
            "runs against Flask-Login and against Gatehouse."
        ),
        "",
        "## What differs",
        "",
        *_table(
            ["topic", "Flask-Login", "Gatehouse"],
            [[row.topic, row.sentence, row.reason] for row in differing],
        ),
        "",
        "## What holds",
        "",
    ]
    for topic in dict.fromkeys(row.topic for row in BEHAVIOURS):
        kept = [row for row in BEHAVIOURS if row.topic == topic and row.state == "holds"]
        lines += [f"### {topic}", "", *_kept(kept), ""] if kept else []
    return _page(lines)


def facts(feature: Feature) -> str:
    """Return the facts of one feature, as they stand on its page."""
    name = feature.name
    mentioned = [
        ("Settings", _settings_table(settings_of(name))),
        ("Events", _table(["event", "outcome", "meaning", "facts"], _event_rows(feature))),
        ("Errors", _table(["code", "status", "meaning"], _error_rows(name))),
        ("Commands", _table(["command", "what it does"], _command_rows(feature))),
        ("Permissions", _table(["permission", "allows to"], _permission_rows(feature))),
        ("Pages", _table(["address", "methods", "who"], _page_rows(name))),
        ("Letters", _table(["letter"], _letter_rows(name))),
        ("Tables", _table(["table", "one row is"], _table_rows(name))),
    ]
    lines = [BEGIN, ""]
    for title, table in mentioned:
        lines += [f"## {title}", "", *table, ""] if table else []
    return "\n".join([*lines, END])


#: File under `docs/reference/` to what makes it.
PAGES: Final[dict[str, Callable[[], str]]] = {
    "settings.md": settings_page,
    "profiles.md": profiles_page,
    "events.md": events_page,
    "errors.md": errors_page,
    "commands.md": commands_page,
    "routes.md": routes_page,
    "permissions.md": permissions_page,
    "limits.md": limits_page,
    "schema.md": schema_page,
    "flask-login.md": flask_login_page,
}


# Parts of pages


def _setting_line(each: Declared) -> str:
    bounds = _bounds(each)
    line = f"Default `{written(each.default) or '(empty)'}`. Written as {kind_of(each)}"
    line += f"; {bounds}." if bounds else "."
    return f"{line} Source: {each.source}." if each.source else line


def _settings_table(settings: Sequence[Declared]) -> list[str]:
    return _table(
        ["setting", "default", "meaning"],
        [
            [
                f"[`{each.key}`](../reference/settings.md#{each.key.lower()})",
                f"`{written(each.default) or '(empty)'}`",
                each.meaning,
            ]
            for each in settings
        ],
    )


def _bounds(each: Declared) -> str:
    least = "" if each.floor is None else f"at least {written(each.floor)}"
    most = "" if each.cap is None else f"at most {written(each.cap)}"
    return ", ".join(filter(None, (least, most)))


def _event_rows(feature: Feature) -> list[list[str]]:
    return [_event_row(event) for event in events_in(feature.events)] if feature.events else []


def _event_row(event: type[Event]) -> list[str]:
    told = ", ".join(f"`{name}`" for name in event.fact_names if name != "user_id")
    return [f"`{event.name}`", event.outcome, event.meaning, told]


def _error_rows(name: str) -> list[list[str]]:
    return [
        [f"`{kind.code}`", status_of(kind), _first_line(kind)]
        for kind in refusals()
        if kind.__module__.startswith(f"flask_gatehouse.features.{name}.")
    ]


def _command_rows(feature: Feature) -> list[list[str]]:
    return [
        [f"`gatehouse {name}`", _help(command)[0]]
        for name, command in commands().items()
        if name.split()[0] in feature.commands
    ]


def _permission_rows(feature: Feature) -> list[list[str]]:
    return [[f"`{name}`", sentence] for name, sentence in feature.permissions.items()]


def _page_rows(name: str) -> list[list[str]]:
    return [
        [f"`{rule.rule}`", _methods(rule), access]
        for rule, access in views(site())
        if rule.endpoint.startswith(f"gatehouse.{name}.")
    ]


def _letter_rows(name: str) -> list[list[str]]:
    folder = ROOT / "src" / "flask_gatehouse" / "features" / name / "mail"
    return [[f"`{subject.parent.name}`"] for subject in sorted(folder.glob("*/subject.txt"))]


def _table_rows(name: str) -> list[list[str]]:
    return [
        [f"`{mapper.local_table.name}`", _first_line(mapper.class_)]  # type: ignore[attr-defined]
        for mapper in sorted(Base.registry.mappers, key=lambda each: each.class_.__tablename__)
        if mapper.class_.__module__ == f"flask_gatehouse.features.{name}.models"
    ]


def _command_body(name: str, command: click.Command) -> list[str]:
    context = click.Context(command, info_name=f"gatehouse {name}")
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [
        [f"`{', '.join(each.opts)}`", each.help or ""]
        for each in command.params
        if isinstance(each, click.Option)
    ]
    options = [*_table(["option", "meaning"], rows), ""] if rows else []
    said = [line for text in _help(command) for line in (text, "")]
    return [f"```text\ngatehouse {name} {usage}\n```", "", *said, *options]


def _help(command: click.Command) -> list[str]:
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return [" ".join(each.split()) for each in paragraphs]


def _methods(rule: Rule) -> str:
    return ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def _column_row(column: Column[Any]) -> list[str]:
    kind = column.type.compile(dialect=_POSTGRES)
    return [f"`{column.name}`", kind, "yes" if column.nullable else "", _key_of(column)]


def _key_of(column: Column[Any]) -> str:
    found = ["primary"] if column.primary_key else []
    for constraint in column.table.constraints:
        if column.name not in [each.name for each in getattr(constraint, "columns", ())]:
            continue
        if isinstance(constraint, UniqueConstraint):
            found.append("unique")
        if isinstance(constraint, ForeignKeyConstraint):
            found.append(f"→ `{constraint.elements[0].target_fullname}`")
    if any(column.name in [each.name for each in index.columns] for index in column.table.indexes):
        found.append("index")
    return ", ".join(dict.fromkeys(found))


def _model_line(table: Table) -> str:
    return next(
        _first_line(mapper.class_)
        for mapper in Base.registry.mappers
        if mapper.local_table is table
    )


def _kept(rows: Sequence[Behaviour]) -> list[str]:
    return [f"- {row.sentence}" for row in rows]


def _first_line(thing: type[Any]) -> str:
    return inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a Markdown table, or nothing if it would have no rows."""
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    if not body:
        return []
    return ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads), *body]


def _page(lines: Sequence[str]) -> str:
    return "\n".join([_NOTE, "", *lines]).rstrip() + "\n"


def with_facts(page: str, feature: Feature) -> str:
    """Return the page of a feature with its facts renewed; last, if they were not there."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return before.rstrip() + "\n\n" + facts(feature) + (after or "\n")


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (DOCS / "reference" / name).write_text(make(), "utf-8")
    for feature in FEATURES:
        path = DOCS / "features" / f"{feature.name}.md"
        path.write_text(with_facts(path.read_text("utf-8"), feature), "utf-8")
    print(f"Wrote {len(PAGES)} pages, and the facts of {len(FEATURES)} features.")


if __name__ == "__main__":
    main()
