"""Build the list of common passwords that the rules of the passwords feature look in.

    python tools/build_common_passwords.py common-passwords.txt.gz frequency_lists.py

The first file is Django's `django/contrib/auth/common-passwords.txt.gz`, the second is
`zxcvbn/frequency_lists.py` of the Python package zxcvbn. Both order their passwords by frequency.
The licences of both, and what was taken from each, stand beside the list in `LICENSES.md`.
"""

import argparse
import ast
import gzip
from itertools import permutations
from pathlib import Path

from flask_gatehouse.features.passwords import rules

LIST = Path(rules.__file__).with_name("data") / "common.txt"

#: Code points. A shorter password can never pass the length rule, but it is what longer ones are
#: made of (`dragon1234567890`). Below four nearly every combination of letters is in the lists.
SHORTEST = 4

#: Code points of the default minimum: whole words and pairs matter from there on.
LONG = 15

#: How many of the most frequent passwords are paired with each other.
PAIRED = 200


def main() -> None:
    """Read the two files named on the command line and write the list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("django", type=Path, help="common-passwords.txt.gz of Django")
    parser.add_argument("zxcvbn", type=Path, help="frequency_lists.py of zxcvbn")
    given = parser.parse_args()
    django = gzip.decompress(given.django.read_bytes()).decode().split("\n")
    zxcvbn = frequency_lists(given.zxcvbn.read_text("utf-8"))
    passwords = [folded(django), folded(zxcvbn["passwords"])]
    words = folded(zxcvbn["english_wikipedia"] + zxcvbn["us_tv_and_film"], shortest=LONG)
    real = {word for source in (*passwords, words) for word in source}
    found = real | pairs(*passwords)
    LIST.write_text("".join(f"{word}\n" for word in sorted(found)), "utf-8", newline="\n")
    long = sum(len(word) >= LONG for word in found)
    print(f"{len(found)} entries, {len(found - real)} of them pairs; {long} have {LONG} or more")


def frequency_lists(source: str) -> dict[str, list[str]]:
    """Return the word lists of zxcvbn without running its code."""
    (assigned,) = (node for node in ast.parse(source).body if isinstance(node, ast.Assign))
    if not isinstance(assigned.value, ast.Dict):
        raise SystemExit("frequency_lists.py no longer holds one dict of lists")
    return {
        ast.literal_eval(key): ast.literal_eval(value.func.value).split(",")
        for key, value in zip(assigned.value.keys, assigned.value.values, strict=True)
        if key and isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
    }


def folded(words: list[str], *, shortest: int = SHORTEST) -> dict[str, int]:
    """Return each word as the rules compare it, with its place in the order of frequency."""
    places: dict[str, int] = {}
    for place, word in enumerate(words):
        plain = rules.normalise(word).casefold()
        if len(plain) >= shortest and plain.isprintable():
            places.setdefault(plain, place)
    return places


def pairs(django: dict[str, int], zxcvbn: dict[str, int]) -> set[str]:
    """Return the long pairs of the passwords that rank highest in both lists."""
    ranked = sorted(
        django.keys() & zxcvbn.keys(), key=lambda word: (django[word] + zxcvbn[word], word)
    )
    both = map("".join, permutations(ranked[:PAIRED], 2))
    return {pair for pair in both if len(pair) >= LONG}


if __name__ == "__main__":
    main()
