"""The application with Flask-Login alone."""

from flask import Flask
from flask_login import LoginManager
from flask_migrate import Migrate

from clubhouse import commands
from clubhouse.models import User, db
from clubhouse.views import main

migrate = Migrate()
login_manager = LoginManager()
login_manager.login_view = "main.login"


@login_manager.user_loader
def load_user(user_id: str) -> User | None:
    """Find the member whose id was kept at sign-in."""
    return db.session.get(User, int(user_id))


def create_app() -> Flask:
    """Put the application together; settings come from ``FLASK_…`` in the environment."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///clubhouse.db"
    app.config.from_prefixed_env()
    db.init_app(app)
    migrate.init_app(app, db)
    login_manager.init_app(app)
    app.register_blueprint(main)
    commands.register(app)
    return app
