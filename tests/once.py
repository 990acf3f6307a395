"""What a process of the tests makes once, and not once for each of its thousands of applications.

All of it is the same for the same input: the code of a template, the code of a rule, the text of a
statement. A site that runs makes each of them once as well.
"""

import functools
import ssl
from collections.abc import Iterable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from pymysql.connections import Connection
from sqlalchemy import Dialect, Engine
from sqlalchemy.orm import Mapper
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule
from werkzeug.routing.rules import RulePart

from flask_gatehouse.features.mail.letters import Letters


class _Compiled(BytecodeCache):
    """Templates that were compiled once for all applications of this process."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        kept = self._kept.get(f"{bucket.key} {bucket.checksum}")
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[f"{bucket.key} {bucket.checksum}"] = bucket.bytecode_to_string()


#: Pages and letters are read by different rules, and a host may have both at one path.
_PAGES, _LETTERS = _Compiled(), _Compiled()


class _Statements:
    """The texts of statements, found again by every engine that speaks alike.

    SQLAlchemy looks them up by the dialect of the engine itself, and here each test has its own.
    """

    def __init__(self, capacity: int) -> None:
        self._kept: LRUCache[Any, Any] = LRUCache(capacity)

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return self._kept.get(self._alike(key), default)

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:
        self._kept[self._alike(key)] = value

    @staticmethod
    def _alike(key: tuple[Any, ...]) -> tuple[Any, ...]:
        dialect: Dialect = key[0]
        return (type(dialect), dialect.server_version_info, *key[1:])


#: More than all the tests need: about two thousand texts a database.
_STATEMENTS = _Statements(20_000)


def share(app: Flask) -> None:
    """Let an application use what others of this process have made."""
    state = app.extensions["gatehouse"]
    app.jinja_env.bytecode_cache = _PAGES
    state.house.part(Letters)._templates.bytecode_cache = _LETTERS  # noqa: SLF001 - no other place
    share_statements(state.works.engine)


def share_statements(engine: Engine) -> None:
    """Let an engine use the texts of statements that others of this process have made."""
    engine._compiled_cache = _STATEMENTS  # type: ignore[assignment] # noqa: SLF001 - no other place


def _build_rules_once() -> None:
    """Let Werkzeug write the code of each rule once a process, not once an application.

    It is the largest part of making one, and the same for the same rule: the rule comes to it as an
    argument.
    """
    made: dict[object, Any] = {}
    compile_builder = Rule._compile_builder  # noqa: SLF001 - Werkzeug has no other place

    def once(self: Rule, append_unknown: bool = True) -> Any:  # noqa: FBT001, FBT002 - Werkzeug's
        key = (self.rule, self.subdomain, repr(self.defaults), self.merge_slashes, append_unknown)
        if key not in made:
            made[key] = compile_builder(self, append_unknown)
        return made[key]

    Rule._compile_builder = once  # type: ignore[method-assign] # noqa: SLF001 - as above


def _read_plain_rules_once() -> None:
    """Let Werkzeug take each rule without parameters apart once a process.

    Those with parameters have converters, which belong to the map of one application.
    """
    made: dict[str, tuple[list[RulePart], list[tuple[bool, str]]]] = {}
    parse = Rule._parse_rule  # noqa: SLF001 - Werkzeug has no other place

    def once(self: Rule, rule: str) -> Iterable[RulePart]:
        if "<" in rule:
            return parse(self, rule)
        if rule not in made:
            known = len(self._trace)
            parts = list(parse(self, rule))
            made[rule] = parts, self._trace[known:]
            return parts
        parts, trace = made[rule]
        self._trace.extend(trace)
        return parts

    Rule._parse_rule = once  # type: ignore[method-assign] # noqa: SLF001 - as above


def _read_authorities_once() -> None:
    """Let PyMySQL read the authorities of this machine once, not for each connection.

    It reads them even for a server that has no TLS, which takes longer than most tests.
    """
    create: Any = Connection._create_ssl_ctx  # noqa: SLF001 - PyMySQL has no other place
    plain = functools.cache(lambda: create(None, {}))

    def once(self: Any, wish: Any) -> ssl.SSLContext:
        context: ssl.SSLContext = plain() if wish == {} else create(self, wish)
        return context

    Connection._create_ssl_ctx = once  # noqa: SLF001 - as above


def _compile_changes_once() -> None:
    """Let the ORM write the text of each change once a process, and not for each engine."""
    Mapper._compiled_cache = _STATEMENTS  # type: ignore[assignment] # noqa: SLF001 - no other place


_build_rules_once()
_read_plain_rules_once()
_read_authorities_once()
_compile_changes_once()
