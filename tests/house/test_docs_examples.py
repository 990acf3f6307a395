"""The Python in the documentation runs, from the top of a page to its end."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask_login import UserMixin, login_user
from werkzeug.security import generate_password_hash

from flask_gatehouse import Gatehouse
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.webhooks import rules
from flask_gatehouse.testing import PASSWORD, GatehouseTester

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if "```python" in page.read_text()),
]

RunPage = Callable[[str], ModuleType]


def blocks_of(page: str, language: str = "python") -> list[str]:
    """Return the blocks of a page in this language, each where it stands, for line numbers."""
    text = (ROOT / page).read_text("utf-8")
    found = re.finditer(rf"^```{re.escape(language)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return ["\n" * text[: block.start(1)].count("\n") + block[1] for block in found]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder and an environment as a newcomer has them."""
    for name in [name for name in os.environ if name.startswith(("GATEHOUSE_", "FLASK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLASK_SECRET_KEY", secrets.token_hex())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run_page(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunPage]:
    """Run the blocks of a page one after the other, as one module, and return it."""
    made: list[Any] = []

    def run(page: str, *, testing: bool = True) -> ModuleType:
        monkeypatch.setenv("FLASK_TESTING", "true" if testing else "false")
        module = ModuleType("docs_example")
        module.__file__ = str(home / "docs_example.py")
        monkeypatch.setitem(sys.modules, "docs_example", module)
        for block in blocks_of(page):
            exec(compile(block, page, "exec"), module.__dict__)  # noqa: S102 - our own pages
            made.append(module.__dict__.get("app"))
        made.extend(each for each in vars(module).values() if type(each).__name__ == "Flask")
        return module

    yield run
    for app in {id(app): app for app in made if app is not None}.values():
        with app.app_context():
            app.extensions["gatehouse"].works.engine.dispose()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_python_is_python(page: Path) -> None:
    blocks = blocks_of(str(page.relative_to(ROOT)))
    assert blocks
    for block in blocks:
        compile(block, str(page), "exec")


def test_the_lines_of_the_readme_protect_a_view(run_page: RunPage) -> None:
    app = run_page("README.md").app
    tester = GatehouseTester(app)
    ada = tester.add_user("ada")
    assert tester.client().get("/reports/").location == "/login/?next=%2Freports%2F"
    assert tester.client(ada).get("/reports/").text == "Hello ada"


def test_the_lines_of_the_readme_start_outside_of_tests_too(home: Path) -> None:
    (home / "app.py").write_text(blocks_of("README.md")[0])
    run_python(home, "-m", "flask", "gatehouse", "db", "upgrade")
    made = ("gatehouse", "users", "create", "ada", "--admin", "--invite")
    said = run_python(home, "-m", "flask", *made)
    assert "/invitation/" in said


def test_the_page_for_hosts_runs_from_top_to_bottom(run_page: RunPage) -> None:
    host = run_page("docs/host.md")
    tester = GatehouseTester(host.app)
    client = tester.client()
    assert client.get("/").text == "Anyone may read this."
    with host.app.app_context():
        ada = host.db.session.scalar(host.db.select(host.User))
        host.db.session.add(host.Loan(user_id=ada.id, title="Middlemarch"))
        host.db.session.commit()
        assert host.db.session.scalar(host.db.select(host.Loan)).user.username == "ada"
    form = {"username": "ada", "password": PASSWORD}
    host.app.config["WTF_CSRF_ENABLED"] = False
    assert client.post("/login/", data={**form, "next": "/loans/"}).location == "/loans/"
    assert client.get("/loans/").json == {"loans": ["Middlemarch"]}
    assert client.get("/card/").status_code == 200
    assert client.get("/shelves/").status_code == 403
    assert host.seen == ["ada"]


def test_the_page_for_hosts_asks_for_permissions_and_protects_the_rest(run_page: RunPage) -> None:
    host = run_page("docs/host.md")
    tester = GatehouseTester(host.desk)
    anyone = tester.client()
    assert [anyone.get(f"/{path}/").status_code for path in ("hello", "stacks/hours")] == [200, 200]
    assert anyone.get("/notices/").location == "/login/?next=%2Fnotices%2F"
    reader = tester.add_user("reader")
    client = tester.client(reader)
    assert client.get("/notices/").text == "Notices"
    assert client.get("/desk/").status_code == 403
    with tester.work() as work:
        roles.make(work, name="readers", permissions=("loans.read",))
        roles.grant(work, user=reader, role="readers")
    assert client.get("/desk/").text == "may look"
    assert client.get("/stacks/").status_code == 403
    with tester.work() as work:
        roles.change(work, name="readers", about="", permissions=("loans.read", "loans.edit"))
    assert client.get("/desk/").text == "may lend"
    assert client.get("/stacks/").text == "The stacks"
    told = host.desk.test_cli_runner().invoke(args=["gatehouse", "routes", "--unmarked"])
    assert (told.exit_code, told.output) == (0, "")
    # Raises if it could not be shown.
    Gatehouse(permissions={"loans.read": "See"}, console=host.console)


def test_a_host_may_let_in_who_carries_a_key(run_page: RunPage) -> None:
    host = run_page("docs/host.md")
    host.app.config["ROBOT_KEY"] = "of the robot"
    with host.app.app_context():
        host.add_reader("robot", "nine patient otters")
    client = host.app.test_client()
    asked = client.get("/loans/", headers={"X-Robot-Key": "of the robot"})
    assert asked.json == {"loans": []}
    assert client.get("/loans/", headers={"X-Robot-Key": "of another"}).status_code == 302


def test_sessions_of_a_hosts_own_people_end_by_their_id(run_page: RunPage) -> None:
    host = run_page("docs/host.md")
    moving = run_page("docs/from-flask-login.md")

    class Member(UserMixin):  # type: ignore[misc] # Flask-Login has no types
        id = 7
        username = "grace"

    host.gatehouse.login_manager.user_loader(lambda _: Member())
    client = GatehouseTester(host.app).client(Member())
    assert client.get("/card/").status_code == 200
    with host.app.app_context():
        moving.end_all_sessions(host.gatehouse, 7)
    assert client.get("/card/").status_code == 302


def test_members_come_over_with_the_hash_that_they_have(run_page: RunPage) -> None:
    app = run_page("README.md").app
    moving = run_page("docs/from-flask-login.md")
    tester = GatehouseTester(app)
    with app.app_context(), tester.work() as work:
        moving.take_over(work, "ada", "ada@example.org", generate_password_hash("of before"))
    app.config["WTF_CSRF_ENABLED"] = False
    form = {"username": "ada@example.org", "password": "of before"}
    assert tester.client().post("/login/", data=form).location == "/admin/"


def test_templates_of_the_host_replace_ours(home: Path, run_page: RunPage) -> None:
    login, _, layout = blocks_of("docs/host.md", "html+jinja")
    base = (
        "<title>{% block title %}{% endblock %}</title>{% block head %}{% endblock %}"
        "<p>The library</p>{% block main %}{% endblock %}"
    )
    for path, text in {
        "base.html": base,
        "gatehouse/layout.html": layout,
        "gatehouse/passwords/login.html": login,
    }.items():
        file = home / "templates" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    client = run_page("docs/host.md").app.test_client()
    page = client.get("/login/").text
    assert "<title>Library card</title>" in page
    assert "<p>The library</p>" in page
    assert 'name="username"' in page
    assert 'name="csrf_token"' in page
    lost = client.get("/setup/unknown/")
    assert lost.status_code == 404
    assert "<p>The library</p>" in lost.text


def test_a_layout_of_the_host_changes_blocks_of_our_frame(home: Path, run_page: RunPage) -> None:
    _, layout, _ = blocks_of("docs/host.md", "html+jinja")
    file = home / "templates" / "gatehouse" / "layout.html"
    file.parent.mkdir(parents=True)
    file.write_text(layout)
    page = run_page("docs/host.md").app.test_client().get("/login/").text
    assert page.index("tokens.css") < page.index("library.css") < page.index("The library")
    assert page.index('name="username"') < page.index("Open until eight.")


def test_signing_in_commits_what_a_view_has_added_unless_a_block_will(run_page: RunPage) -> None:
    host = run_page("docs/host.md")
    grace = GatehouseTester(host.app).add_user("grace")

    def lend(*, inside: bool) -> int:
        with host.app.test_request_context("/"):
            loan = host.Loan(user_id=grace.id, title="Middlemarch")
            try:
                with host.db.session.begin() if inside else nullcontext():
                    host.db.session.add(loan)
                    login_user(grace)
                    _fail()
            except LookupError:
                host.db.session.rollback()
            return len(host.db.session.scalars(host.db.select(host.Loan)).all())

    assert lend(inside=True) == 0
    assert lend(inside=False) == 1


def test_what_a_host_keeps_is_told_and_goes_with_the_account(run_page: RunPage) -> None:
    page = run_page("docs/features/leaving.md")
    with page.app.app_context():
        page.gatehouse.upgrade_database()
        page.db.create_all()
    tester = GatehouseTester(page.app)
    for name in ("ada", "ben"):
        user = tester.add_user(name)
        with page.app.app_context():
            page.db.session.add(page.Loan(user_id=user.id, title=f"What {name} reads"))
            page.db.session.commit()
    run = page.app.test_cli_runner().invoke
    told = json.loads(run(args=["gatehouse", "users", "export", "ada"]).stdout)
    assert told["loans"] == [{"title": "What ada reads"}]
    erased = run(args=["gatehouse", "users", "erase", "ada", "--yes"])
    assert erased.exit_code == 0, erased.output
    with page.app.app_context():
        left = page.db.session.scalars(page.db.select(page.Loan.title)).all()
    assert left == ["What ben reads"]


def test_the_lines_that_verify_a_webhook_take_what_is_ours_and_nothing_else(
    run_page: RunPage,
) -> None:
    is_ours = run_page("docs/features/webhooks.md").is_ours
    secret, former, now = rules.new_secret(), rules.new_secret(), int(time.time())

    def headers(at: int = now, body: bytes = b"{}", message_id: str = "msg_1") -> dict[str, str]:
        signed = [
            rules.signature(each, message_id=message_id, timestamp=at, body=body)
            for each in (secret, former)
        ]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": " ".join(signed),
        }

    assert is_ours(secret, headers(), b"{}")
    assert is_ours(former, headers(), b"{}")
    assert is_ours(secret, headers(now - 290), b"{}")
    assert not is_ours(rules.new_secret(), headers(), b"{}")
    assert not is_ours(secret, headers(), b"{ }")
    for at in (now - 310, now + 310):
        assert not is_ours(secret, headers(at), b"{}")
    for name, changed in (
        ("webhook-id", "msg_2"),
        ("webhook-timestamp", str(now + 1)),
        ("webhook-timestamp", "-1"),
        ("webhook-signature", ""),
        ("webhook-signature", "v1,"),
    ):
        assert not is_ours(secret, {**headers(), name: changed}, b"{}")


def _fail() -> None:
    raise LookupError


@pytest.mark.parametrize("named", ["User.id", '"gatehouse_user.id"'])
def test_a_hosts_migrations_refer_to_a_user_and_leave_our_tables_alone(
    home: Path, named: str
) -> None:
    page = "\n".join(
        block for block in blocks_of("docs/host.md") if "db.create_all" not in block
    ).replace('"sqlite:///library.db"', f'"sqlite:///{home / "library.db"}"')
    if named != "User.id":
        page = page.replace("ForeignKey(User.id)", f"ForeignKey({named})")
        page = page.replace("    user: Mapped[User] = relationship()\n", "")
    (home / "app.py").write_text(page)
    said = run_python(home, "-c", MIGRATE)
    (made,) = (home / "migrations" / "versions").glob("*.py")
    assert "drop_table('gatehouse" not in made.read_text().split("def downgrade")[0]
    assert "gatehouse_user.id" in made.read_text()
    assert "as this release expects" in said


#: The commands of the page, in one process.
MIGRATE = """
from app import app
for line in (
    "gatehouse db upgrade", "db init", "db migrate -m loans", "db upgrade",
    "gatehouse db check",
):
    done = app.test_cli_runner().invoke(args=line.split())
    assert done.exit_code == 0, (line, done.output, done.exception)
print(done.output)
"""


def test_the_tests_on_the_page_about_testing_pass(home: Path) -> None:
    (home / "test_reports.py").write_text(blocks_of("docs/testing.md")[0])
    options = ["-q", "-W", "error", "-p", "no:cacheprovider"]
    assert "3 passed" in run_python(home, "-m", "pytest", *options, str(home))


def run_python(home: Path, *arguments: str) -> str:
    """Run Python in the folder of an application; return what it said."""
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=home
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
