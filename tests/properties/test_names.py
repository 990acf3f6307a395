"""No two spellings of a name are two accounts."""

import unicodedata
from collections.abc import Callable

from hypothesis import assume, given
from hypothesis import strategies as st

from flask_gatehouse.features.users import rules
from flask_gatehouse.features.users.errors import NameRefused
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.properties.thorough import slow, thorough

#: Letters with which folding, composing and looking alike have gone wrong elsewhere.
LATIN = (
    "abkiosABKIOS0189._-\u00e4\u00c4\u00df\u1e9e\u0131\u0130\u017f\u212a\u212b\ufb03\u01c5\uff41"
)
GREEK = "\u03b1\u03c3\u03c2\u03a3\u03a9\u2126\u1f80\u1f88\u03cc"
CYRILLIC = "\u0430\u0435\u0451\u0401\u0439\u042f\u0456"
ASIAN = "\u30ab\u30ac\uff76\u30fc\u540d\ud55c\uae00"
MARKS = "\u0301\u0308\u0307\u0345\u200b\u00ad\ufe0f"

names = st.sampled_from((LATIN, GREEK, CYRILLIC, ASIAN, LATIN + MARKS)).flatmap(
    lambda letters: st.text(letters, min_size=2, max_size=12)
)


def full_width(text: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)


#: Spellings that nobody takes for another name. Upper case is not among them: it makes an I of the
#: dotless i, and two letters of some.
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str.lower,
    str.casefold,
    full_width,
    lambda text: unicodedata.normalize("NFC", text),
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: unicodedata.normalize("NFKD", text),
    lambda text: f" {text}\t",
)


def canonical(text: str) -> str | None:
    try:
        return rules.canonical_name(text)
    except NameRefused:
        return None


@thorough
@given(st.one_of(names, st.text(max_size=80)))
def test_the_canonical_form_of_a_canonical_form_is_itself(text: str) -> None:
    found = canonical(text)
    if found is not None:
        assert canonical(found) == found
        assert rules.identify(text) == rules.identify(found) == ("username", found)
        assert rules.counted_as(text) == rules.counted_as(found)


@thorough
@given(names)
def test_every_spelling_is_the_same_name_or_none(text: str) -> None:
    found = canonical(text)
    assume(found is not None)
    for spell in SPELLINGS:
        assert canonical(spell(text)) in {found, None}, spell(text)


@thorough
@given(st.text(max_size=40).map(lambda text: f"{text}@example.org"))
def test_the_canonical_form_of_an_address_is_itself(text: str) -> None:
    found = rules.identify(text)
    if found is not None:
        assert rules.identify(found[1]) == found
        assert rules.counted_as(text) == rules.counted_as(found[1])


def test_of_all_spellings_one_makes_an_account_and_every_one_signs_in(
    patient: GatehouseTester,
) -> None:
    run = patient.app.test_cli_runner()
    made: set[str] = set()

    @slow
    @given(names)
    def one_account(text: str) -> None:
        found = canonical(text)
        assume(found is not None and found not in made)
        assert found is not None
        made.add(found)
        args = ["gatehouse", "users", "create", "--password-stdin", "--", text]
        assert run.invoke(args=args, input=f"{PASSWORD}\n").exit_code == 0, text
        for spell in SPELLINGS:
            if canonical(spell(text)) != found:
                continue
            args = ["gatehouse", "users", "create", "--invite", "--", spell(text)]
            assert run.invoke(args=args).exit_code == 1, spell(text)
            assert forms.sign_in(patient.client(), spell(text)).status_code == 303, spell(text)

    one_account()
    assert len(made) > 5
