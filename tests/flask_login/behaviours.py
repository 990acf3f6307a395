"""What Flask-Login promises, row by row, and whether Gatehouse keeps it.

`tests/flask_login/test_behaviours.py` has one test for each row, named ``test_`` and the row's
id; the page about moving from Flask-Login is made from this table. `sentence` says what
Flask-Login does. Where Gatehouse differs, `reason` says what it does instead, and why.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """One thing that an application written for Flask-Login may rely on."""

    id: str
    topic: str
    sentence: str
    state: Literal["holds", "differs"]
    reason: str = ""


def _holds(topic: str, **rows: str) -> tuple[Behaviour, ...]:
    return tuple(
        Behaviour(id=name, topic=topic, sentence=sentence, state="holds")
        for name, sentence in rows.items()
    )


class _Difference(NamedTuple):
    sentence: str
    reason: str


def _differs(topic: str, **rows: _Difference) -> tuple[Behaviour, ...]:
    return tuple(
        Behaviour(id=name, topic=topic, sentence=row.sentence, state="differs", reason=row.reason)
        for name, row in rows.items()
    )


BEHAVIOURS: tuple[Behaviour, ...] = (
    *_holds(
        "Setting up",
        the_manager_is_found_on_the_application=(
            "`app.login_manager` is the `LoginManager` of the application."
        ),
        the_manager_is_set_up_before_it_is_bound=(
            "A manager made at module level is set up first and bound to the application later."
        ),
        one_manager_serves_several_applications=(
            "One manager may be bound to several applications; their sign-ins stay apart."
        ),
        a_loader_is_a_decorator_that_gives_the_function_back=(
            "`user_loader` gives the function back, and `user_callback` names it."
        ),
        a_request_loader_is_a_decorator_that_gives_the_function_back=(
            "`request_loader` gives the function back, and `request_callback` names it."
        ),
        templates_know_the_current_user="Templates know `current_user`.",
    ),
    *_differs(
        "Setting up",
        without_any_loader_the_first_look_says_so=_Difference(
            "Without `user_loader` and `request_loader` the first look at `current_user` fails "
            "with an error that names them.",
            "Gatehouse has accounts of its own, which need no loader. The error comes as soon as "
            "somebody is signed in whom only the application can load.",
        ),
        a_second_manager_takes_over=_Difference(
            "`LoginManager(app)` takes over an application that has a manager already.",
            "It is refused with an error: the second manager would keep sign-ins in Flask's "
            "session again. Set up `gatehouse.login_manager` instead.",
        ),
        the_context_processor_may_be_left_out=_Difference(
            "`LoginManager(app, add_context_processor=False)` keeps `current_user` out of "
            "templates.",
            "Templates always know `current_user`: Gatehouse's own pages need it.",
        ),
    ),
    *_holds(
        "Who is here",
        the_loader_is_given_the_id_as_text="`user_loader` is called with the id as a `str`.",
        the_user_is_loaded_once_a_request=(
            "The user is loaded once a request, however often `current_user` is looked at."
        ),
        a_page_that_asks_for_nobody_loads_nobody=(
            "A page that does not look at `current_user` loads nobody."
        ),
        a_loader_that_finds_nobody_leaves_an_anonymous_visitor=(
            "When `user_loader` returns `None`, the visitor is anonymous."
        ),
        nobody_is_an_anonymous_user_with_four_members=(
            "An anonymous visitor is an `AnonymousUserMixin`: not authenticated, not active, "
            "anonymous, without an id."
        ),
        the_anonymous_user_may_be_of_the_hosts_own_making=(
            "`login_manager.anonymous_user` is the class or factory of anonymous visitors."
        ),
        outside_a_request_there_is_no_current_user=(
            "Outside a request `current_user` is `None`, also inside an application context."
        ),
        user_mixin_answers_what_flask_login_asks=(
            "`UserMixin` gives the four members, takes the id from `id`, and compares by it."
        ),
        user_mixin_without_an_id_asks_for_get_id=(
            "`UserMixin` without an `id` raises `NotImplementedError`, which names `get_id`."
        ),
        a_user_may_be_known_by_a_text_of_its_own=(
            "`get_id` may return any text, such as a token that changes with the password."
        ),
        another_method_may_give_the_id=(
            "`login_manager.id_attribute` names the method that gives the id."
        ),
    ),
    *_differs(
        "Who is here",
        an_id_that_finds_nobody_is_forgotten=_Difference(
            "An id for which `user_loader` returns `None` stays in the session, although the "
            "documentation says that it is removed: if the id is given again, the old cookie "
            "signs in whoever has it now.",
            "The session is ended on the server and its cookie is taken away.",
        ),
        a_page_that_needs_nobody_still_varies_by_cookie=_Difference(
            "Every response reads the session, so that every response says `Vary: Cookie`.",
            "A page that looks at nobody can be cached for all; Gatehouse touches nothing there.",
        ),
    ),
    *_holds(
        "Request loaders",
        a_request_loader_finds_a_user_by_what_a_request_carries=(
            "`request_loader` finds a user by anything a request carries, such as an API key."
        ),
        a_request_loader_leaves_no_cookie_behind=(
            "A user found by `request_loader` is given no cookie, and is gone with the request."
        ),
        a_session_is_asked_before_the_request_loader=(
            "Someone who is signed in is found by the session, before `request_loader` is asked."
        ),
        a_request_loader_alone_is_enough="`request_loader` works without `user_loader`.",
        a_request_loaded_user_is_not_fresh=(
            "A user found by `request_loader` does not pass `fresh_login_required`."
        ),
        the_request_loader_sends_a_signal=(
            "`user_loaded_from_request` is sent with the user whom `request_loader` found."
        ),
    ),
    *_differs(
        "Request loaders",
        a_header_loader_still_works_and_warns=_Difference(
            "`header_loader`, deprecated, works with a `DeprecationWarning`.",
            "It is refused with a sentence that names `request_loader`: Flask-Login is about to "
            "drop it.",
        ),
    ),
    *_holds(
        "Signing in",
        login_user_signs_in="After `login_user(user)` the next request knows the user.",
        login_user_counts_in_the_same_request=(
            "`current_user` is the user as soon as `login_user` returns."
        ),
        login_user_refuses_an_inactive_user=(
            "`login_user` returns `False` and does nothing when `is_active` is false."
        ),
        login_user_may_be_forced="`login_user(user, force=True)` signs in an inactive user.",
        a_second_sign_in_replaces_the_first=(
            "Signing in as someone else replaces who was signed in."
        ),
        signing_in_twice_is_harmless="Signing in twice as the same user changes nothing.",
        two_browsers_are_signed_in_side_by_side=(
            "A user may be signed in with several browsers; each signs out for itself."
        ),
        signing_in_sends_a_signal="`user_logged_in` is sent with the user.",
        signing_in_and_out_keeps_the_rest_of_the_flask_session=(
            "What the application keeps in Flask's session survives signing in and out."
        ),
    ),
    *_differs(
        "Signing in",
        a_user_id_put_into_the_flask_session_signs_in=_Difference(
            "`session['_user_id']` put there by hand signs in.",
            "Only `login_user` opens a session. What Flask's session holds proves nothing, so a "
            "leaked secret key signs in nobody.",
        ),
        clearing_the_flask_session_signs_out=_Difference(
            "`session.clear()` signs out.",
            "Flask's session belongs to the application; the sign-in is not in it. Call "
            "`logout_user()`.",
        ),
        a_permanent_flask_session_keeps_the_sign_in=_Difference(
            "`session.permanent = True` makes the sign-in outlive the browser.",
            "Only `login_user(user, remember=True)` does; a plain sign-in ends with the browser, "
            "and on the server after its idle and absolute limits.",
        ),
        the_test_client_of_flask_login_is_signed_in=_Difference(
            "`FlaskLoginClient(user=…)` is signed in, by writing into Flask's session.",
            "That writes what is no proof here. `flask_gatehouse.testing` signs a test client in.",
        ),
    ),
    *_holds(
        "Remember me",
        without_remember_the_browser_keeps_nothing=(
            "Without `remember` the cookie ends with the browser, and no second one is set."
        ),
        remember_sets_a_cookie_that_outlives_the_browser=(
            "`login_user(user, remember=True)` sets a second cookie that outlives the browser."
        ),
        the_remember_cookie_brings_a_person_back=(
            "The remember cookie alone brings the user back."
        ),
        a_person_brought_back_is_not_fresh="A user who was brought back is not fresh.",
        a_remember_cookie_that_was_changed_is_worth_nothing=(
            "A remember cookie that was changed or made up brings nobody back."
        ),
        a_remember_cookie_of_someone_who_is_gone_is_worth_nothing=(
            "A remember cookie of a user whom `user_loader` no longer finds brings nobody back."
        ),
        a_shorter_duration_is_kept=(
            "`login_user(user, remember=True, duration=…)` sets how long the cookie lasts."
        ),
        a_duration_that_is_no_timedelta_is_an_error=(
            "A `duration` that is no `timedelta` is an error that says so."
        ),
    ),
    *_differs(
        "Remember me",
        a_person_brought_back_has_a_session_again=_Difference(
            "A user who was brought back has a session again, which stays when the remember "
            "cookie goes.",
            "The remembered handle is a session of its own, kept as a row: bringing a person back "
            "writes nothing, and parallel requests do not race for a new session.",
        ),
        the_remember_cookie_sends_a_signal=_Difference(
            "`user_loaded_from_cookie` is sent once, with the user who was brought back.",
            "It is sent whenever the user is loaded from the remembered handle, because no other "
            "session takes its place until the person signs in.",
        ),
        login_remembered_says_whether_a_cookie_stands_behind_it=_Difference(
            "`flask_login.login_remembered()` says whether the browser holds a good remember "
            "cookie.",
            "It reads a cookie that is not there any more; `flask_gatehouse.login_remembered()` "
            "asks the server.",
        ),
        the_remember_cookie_lasts_a_year=_Difference(
            "The remember cookie lasts 365 days.",
            "30 days: NIST SP 800-63B-4 section 2.1.3 allows no more.",
        ),
        a_longer_duration_is_kept=_Difference(
            "`duration` may be of any length.",
            "It is cut to the 30 days that are the limit.",
        ),
        the_remember_cookie_may_be_renamed=_Difference(
            "`REMEMBER_COOKIE_NAME` renames the remember cookie.",
            "The name is Gatehouse's, so that over https it can carry the `__Host-` prefix.",
        ),
        the_remember_cookie_lasts_as_configured=_Difference(
            "`REMEMBER_COOKIE_DURATION` sets how long the remember cookie lasts.",
            "The lifetime is a setting of Gatehouse, at most 30 days, and is kept on the server, "
            "where a thief cannot prolong it.",
        ),
        the_remember_cookie_has_the_configured_attributes=_Difference(
            "`REMEMBER_COOKIE_PATH`, `_DOMAIN`, `_SECURE`, `_HTTPONLY` and `_SAMESITE` set the "
            "attributes of the remember cookie.",
            "They are always `Path=/`, no `Domain`, `HttpOnly`, `SameSite=Lax`, and `Secure` "
            "over https.",
        ),
        the_remember_cookie_may_be_set_anew_on_each_request=_Difference(
            "`REMEMBER_COOKIE_REFRESH_EACH_REQUEST` prolongs the remember cookie by each visit.",
            "The limit counts from the sign-in: a copied cookie cannot be kept alive for ever.",
        ),
        a_signed_user_id_is_a_remember_cookie=_Difference(
            "The remember cookie is `encode_cookie(user_id)`: whoever knows the secret key signs "
            "in as anyone, and the cookie of a user never changes.",
            "It is a random handle. The server keeps only its digest, and can end it.",
        ),
    ),
    *_holds(
        "Signing out",
        logout_user_signs_out="After `logout_user()` the next request knows nobody.",
        logout_user_counts_in_the_same_request=(
            "`current_user` is anonymous as soon as `logout_user` returns."
        ),
        logout_user_takes_the_remember_cookie_away=(
            "`logout_user()` takes the remember cookie away."
        ),
        logout_user_of_nobody_is_harmless="`logout_user()` is harmless when nobody is signed in.",
        signing_out_sends_a_signal="`user_logged_out` is sent with the user who left.",
    ),
    *_differs(
        "Signing out",
        a_copied_session_cookie_works_after_logout=_Difference(
            "Signing out takes the session cookie from one browser; a copy of it still works.",
            "The session is a row and has ended. A copy is refused.",
        ),
        a_copied_remember_cookie_works_after_logout=_Difference(
            "Signing out takes the remember cookie from one browser; a copy works for as long as "
            "the secret key.",
            "The handle is a row and was deleted. A copy is refused.",
        ),
    ),
    *_holds(
        "Protecting a view",
        login_required_lets_the_signed_in_through=(
            "`login_required` lets through whoever is signed in."
        ),
        without_a_login_view_the_answer_is_401=(
            "With `login_view = None` an anonymous visitor gets 401."
        ),
        with_a_login_view_the_visitor_is_sent_there=(
            "With a `login_view` an anonymous visitor is sent there; `next` is the wanted page "
            "with its query."
        ),
        the_login_view_may_be_a_path=(
            "`login_view` may be a path; a query that it has is kept beside `next`."
        ),
        the_login_view_may_be_on_another_site=(
            "`login_view` may be an absolute address; `next` is then absolute too."
        ),
        next_never_names_another_site=(
            "`next` is the page that was asked for, and never names another site, whatever the "
            "`Host` or `Referer` header says."
        ),
        the_host_may_answer_the_visitor_itself=(
            "`unauthorized_handler` answers in place of message and redirect."
        ),
        the_visitor_reads_why=(
            'The message "Please log in to access this page." is flashed with the category '
            "`message`."
        ),
        the_message_and_its_category_may_be_chosen=(
            "`login_message` and `login_message_category` set what is flashed."
        ),
        without_a_message_nothing_is_flashed="With `login_message = None` nothing is flashed.",
        messages_pass_through_the_localize_callback=(
            "`localize_callback` translates `login_message` and `needs_refresh_message`."
        ),
        each_blueprint_may_have_a_login_view=(
            "`blueprint_login_views` names a login view by blueprint; others use `login_view`."
        ),
        set_login_view_sets_it_for_all_or_for_a_blueprint=(
            "`set_login_view()` sets the login view of the application or of one blueprint."
        ),
        the_wanted_page_may_be_kept_in_the_session=(
            "`USE_SESSION_FOR_NEXT` puts the wanted page into Flask's session, not into the URL."
        ),
        turning_a_visitor_away_sends_a_signal="`user_unauthorized` is sent for each refusal.",
        unauthorized_may_be_called_by_hand=(
            "`login_manager.unauthorized()` may be called by a view or a `before_request`."
        ),
        options_requests_pass="`OPTIONS` requests pass `login_required` (`EXEMPT_METHODS`).",
        async_views_are_protected="`login_required` protects async views.",
        class_based_views_are_protected_by_their_decorators=(
            "`login_required` may stand in the `decorators` of a class-based view."
        ),
    ),
    *_differs(
        "Protecting a view",
        a_form_that_was_refused_is_named_in_next=_Difference(
            "An anonymous `POST` is sent to the login page with 302, and `next` is its path.",
            "It is sent there with 303 and without `next`: the form is lost either way, and its "
            "path may answer no `GET`.",
        ),
        login_disabled_opens_every_view_in_tests=_Difference(
            "`LOGIN_DISABLED` switches `login_required` off in tests.",
            "It does for the one imported from `flask_login`; the one imported from "
            "`flask_gatehouse` has no such switch.",
        ),
        login_disabled_opens_every_view_in_production=_Difference(
            "`LOGIN_DISABLED` switches `login_required` off in production as well.",
            "Outside `TESTING` the start is refused: one forgotten line must not open every door.",
        ),
    ),
    *_holds(
        "Fresh sign-ins",
        a_sign_in_is_fresh_unless_asked_otherwise=(
            "`login_fresh()` is true after `login_user(user)`, false after "
            "`login_user(user, fresh=False)` and for nobody."
        ),
        fresh_login_required_lets_the_fresh_through=(
            "`fresh_login_required` lets a fresh sign-in through."
        ),
        fresh_login_required_treats_the_anonymous_like_login_required=(
            "`fresh_login_required` treats an anonymous visitor as `login_required` does."
        ),
        without_a_refresh_view_the_stale_get_401=(
            "With `refresh_view = None` a sign-in that is not fresh gets 401."
        ),
        with_a_refresh_view_the_stale_are_sent_there=(
            "With a `refresh_view` a sign-in that is not fresh is sent there, with `next` and "
            'the message "Please reauthenticate to access this page.".'
        ),
        the_refresh_message_and_its_category_may_be_chosen=(
            "`needs_refresh_message` and `needs_refresh_message_category` set what is flashed; "
            "`None` flashes nothing."
        ),
        the_host_may_answer_the_stale_itself=(
            "`needs_refresh_handler` answers in place of message and redirect."
        ),
        turning_the_stale_away_sends_a_signal="`user_needs_refresh` is sent for each refusal.",
        needs_refresh_may_be_called_by_hand=(
            "`login_manager.needs_refresh()` may be called by a view."
        ),
        confirm_login_makes_a_sign_in_fresh_again=(
            "`confirm_login()` makes a sign-in fresh again."
        ),
        confirm_login_sends_a_signal="`user_login_confirmed` is sent by `confirm_login()`.",
    ),
    *_differs(
        "Fresh sign-ins",
        login_fresh_may_be_asked_before_the_user_is_looked_at=_Difference(
            "`flask_login.login_fresh()` knows the answer before anybody has looked at "
            "`current_user`.",
            "It reads a flag that is put there when the user is looked up, and says no before; "
            "`flask_gatehouse.login_fresh()` asks the server.",
        ),
    ),
    *_differs(
        "Session protection",
        basic_protection_makes_a_moved_session_stale=_Difference(
            "With `session_protection = 'basic'` a session that comes from another address or "
            "browser is no longer fresh.",
            "There is no such guess: telephones change their address, and a thief copies the "
            "name of the browser with the cookie. Sessions end on the server instead.",
        ),
        strong_protection_ends_a_moved_session=_Difference(
            "With `session_protection = 'strong'` such a session is ended.",
            "As above; the setting has no effect.",
        ),
        session_protection_sends_a_signal=_Difference(
            "`session_protected` is sent when the protection takes effect.",
            "The signal exists and is never sent.",
        ),
    ),
    *_holds(
        "Session protection",
        without_protection_a_moved_session_stays_as_it_is=(
            "With `session_protection = None` a session may come from anywhere."
        ),
    ),
    *_holds(
        "Signals and functions",
        looking_at_the_user_sends_a_signal_once_a_request=(
            "`user_accessed` is sent once in each request that looks at `current_user`."
        ),
        login_url_names_the_login_page_and_the_way_back=(
            "`login_url()` gives the address of a login view, with the page to come back to."
        ),
        the_host_of_a_login_url_may_be_forced=(
            "`FORCE_HOST_FOR_REDIRECTS` sets the host of the address that `login_url()` gives."
        ),
        make_next_param_drops_what_both_addresses_share=(
            "`make_next_param()` drops scheme and host where both addresses share them."
        ),
        encode_cookie_signs_and_decode_cookie_checks=(
            "`encode_cookie()` signs a text, and `decode_cookie()` gives it back if the "
            "signature is good."
        ),
        a_request_context_of_the_tests_is_enough=(
            "Everything works inside `app.test_request_context()`, without a client."
        ),
    ),
)
