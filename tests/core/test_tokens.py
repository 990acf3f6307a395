"""What is stored in place of secrets, and what names things."""

from concurrent.futures import ThreadPoolExecutor

from flask_gatehouse.core import tokens

#: Keys, texts and what comes of them. Source: RFC 4231 4.2, 4.3.
ANSWERS = (
    (
        b"\x0b" * 20,
        "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    (
        b"Jefe",
        "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
)


def test_digests_are_those_of_the_standard_also_of_many_threads_at_once() -> None:
    def digest(number: int) -> tuple[str, str]:
        key, text, answer = ANSWERS[number % len(ANSWERS)]
        return tokens.digest(text, key).hex(), answer

    with ThreadPoolExecutor(8) as threads:
        for found, answer in threads.map(digest, range(2000)):
            assert found == answer


def test_what_names_a_thing_is_no_option_of_a_command() -> None:
    made = [tokens.new_public_id() for _ in range(2000)]
    assert {len(each) for each in made} == {22}
    assert not [each for each in made if each.startswith("-")]
    assert len(set(made)) == len(made)
