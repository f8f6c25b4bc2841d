"""Learn the weights of `service/names/weights.json` by logistic regression.

    python training/names/fit_weights.py

Positives: the pairs of `pairs.tsv`, and simulated damage to the names of `names.tsv` (the Arabic
form read back into Latin letters as relays do it, short vowels guessed). Negatives: other right
names that the candidate search would offer for the same form (coarse strings at most one apart),
from `names.tsv`, from Faker's surnames and given names. An example's features are the counts of
`skeleton.OPERATIONS` in the best alignment, so alignment and fit are repeated until they agree.
Everything is seeded; the file is the same on every run.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from faker.providers import person
from rapidfuzz.distance import Levenshtein
from sklearn.linear_model import LogisticRegression

from service.names import skeleton
from service.names.skeleton import OPERATIONS, Weights, coarse, fold

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent.parent / "service" / "names" / "weights.json"
ROUNDS = 4
NEGATIVES_PER_FORM = 6
SIMULATED_PER_NAME = 4

START = {
    "consonant": 1.2, "same_letter": 0.4, "dots": -0.6, "other": -3.0, "added": -2.5,
    "lost": -2.2, "h": -0.2, "nasal": -0.8, "silent_lost": 0.0, "silent_added": -0.6,
    "vowel": 0.3, "vowel_changed": -0.4, "vowel_added": -0.3, "vowel_lost": -0.3,
    "glide": 0.2, "glide_lost": -0.4, "first": -1.0, "bias": -1.0,
}  # fmt: skip
# What a weight may be at most: no change of letters is evidence *for* a name.
CEILING = {
    "dots": -0.2, "other": -2.0, "added": -1.5, "lost": -1.5, "vowel_changed": -0.15,
    "vowel_added": -0.05, "vowel_lost": -0.05, "h": -0.1, "nasal": -0.4, "silent_lost": -0.05,
    "silent_added": -0.3, "glide_lost": -0.2, "first": -1.0, "same_letter": 0.9,
}  # fmt: skip

# How relays write an Arabic letter back in Latin ones, likeliest first.
BACK = {
    "ا": "a", "أ": "a", "إ": "ie", "آ": "a", "ى": "a", "ء": "", "ئ": ["", "e"], "ؤ": "o",
    "ب": "bbbbp", "پ": "p", "ت": "t", "ث": ["th", "t"], "ج": ["j", "j", "g"],
    "ح": "h", "خ": ["kh", "kh", "k"], "د": "d", "ذ": ["dh", "th", "z"],
    "ر": "r", "ز": "z", "س": "s", "ش": ["sh", "sh", "sh", "ch"], "ص": "s", "ض": "d", "ط": "t",
    "ظ": "z", "ع": ["", "a"], "غ": ["g", "gh", "gh"], "ف": "fffv", "ڤ": "v",
    "ق": ["q", "q", "k"], "ك": ["k", "k", "k", "c"], "گ": "g", "ل": "l", "م": "m", "ن": "n",
    "ه": "h", "ة": ["a", "ah", "eh"], "و": ["o", "u", "ou", "w"], "ي": ["i", "i", "y", "e"],
}  # fmt: skip
DOTS = {"ر": "ز", "ز": "ر", "ب": "ت", "ن": "ت", "ج": "ح", "خ": "ح", "س": "ش", "ف": "ق", "ق": "ف"}
LONG = set("اأإآىويةع")

Form = tuple[str, bool]  # units, and whether they were read from an Arabic form


def names() -> list[tuple[str, str]]:
    rows = (HERE / "names.tsv").read_text(encoding="utf-8").splitlines()
    return [tuple(row.split("\t")) for row in rows if row and not row.startswith("#")]


def pairs() -> list[tuple[str, str]]:
    rows = (HERE / "pairs.tsv").read_text(encoding="utf-8").splitlines()
    return [tuple(row.split("\t")) for row in rows if row and not row.startswith("#")]


def parts(name: str) -> tuple[str, str]:
    """Given name and the rest; both with their spaces."""
    given, _, rest = name.partition(" ")
    return given, rest


def arabic_parts(name: str, latin_given: str) -> tuple[str, str]:
    """The Arabic form cut where the Latin one is: Jean-Luc has two words, Abdelaziz too."""
    words = name.split()
    count = 1 + latin_given.count("-")
    if words[0] == "عبد" or (len(words) > 2 and words[1] in ("الدين", "بكر")):
        count = 2
    return " ".join(words[:count]), " ".join(words[count:])


def units_of(text: str) -> str:
    """The plain reading of a form as it stands in a text, articles dropped."""
    words = [fold(word) for word in text.replace("-", " ").split()]
    kept = [word for word in words if word not in ("al", "el")] or words
    return skeleton.plain_units("".join(kept))


def latin_forms(name: str) -> list[Form]:
    words = [fold(word) for word in name.replace("-", " ").replace("'", "").split()]
    kept = "".join([word for word in words if word not in ("al", "el")] or words)
    return [(skeleton.plain_units(kept), False), (skeleton.french_units(kept), False)]


def arabic_form(name: str) -> Form:
    words = [word.removeprefix("ال") if len(word) > 4 else word for word in name.split()]
    return skeleton.arabic_units("".join(words)), True


def read_back(arabic: str, rng: random.Random) -> str:
    """An Arabic form as a relay writes it in English."""
    out = []
    for index, letter in enumerate(arabic):
        if letter == " ":
            continue
        if rng.random() < 0.02 and letter in DOTS:
            letter = DOTS[letter]
        out.append(rng.choice(BACK.get(letter) or [""]))
        following = arabic[index + 1] if index + 1 < len(arabic) else ""
        if letter not in LONG and following.strip() and following not in LONG:
            out.append(rng.choice(["a", "a", "a", "i", "e", "u", "o", "", ""]))
    return mishandle("".join(out), rng)


def mishandle(word: str, rng: random.Random) -> str:
    """What hands and models do on top: about two words in five suffer one of these."""
    chance = rng.random()
    at = rng.randrange(len(word)) if word else 0
    if chance < 0.12:
        vowels = [index for index, letter in enumerate(word) if letter in "aeiou"]
        if vowels:
            at = rng.choice(vowels)
            return word[:at] + rng.choice("aeiou") + word[at + 1 :]
    elif chance < 0.18:
        return word + rng.choice(["t", "r", "s", "e", "er", "et"])
    elif chance < 0.23 and len(word) > 4:
        return word[:-1]
    elif chance < 0.28 and len(word) > 4:
        return word[:at] + word[at + 1 :]
    elif chance < 0.32:
        return word[:at] + rng.choice("bdlmnrtsknh") + word[at:]
    elif chance < 0.36:
        return word[:at] + rng.choice("bdlmnrtskfj") + word[at + 1 :]
    elif chance < 0.40:
        return word.replace("n", "", 1)
    return word


def other_names() -> list[str]:
    found: set[str] = set()
    for module in pkgutil.iter_modules(person.__path__):
        if module.name[:2] not in ("en", "fr", "es", "it", "de", "pt", "nl", "tr", "pl"):
            continue
        provider = importlib.import_module(f"{person.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            value = getattr(provider, attribute)
            if ("first_name" in attribute or "last_name" in attribute) and isinstance(
                value, (tuple, list, dict)
            ):
                found |= {fold(name) for name in value if isinstance(name, str) and name.isalpha()}
    extra = (HERE / "extra_given_names.txt").read_text(encoding="utf-8")
    for line in extra.splitlines():
        if not line.startswith("#"):
            found |= {fold(name.strip()) for name in line.split(",")}
    return sorted(name for name in found if name.isascii() and len(name) > 2)


def examples() -> Iterator[tuple[str, list[Form], bool]]:
    """(units in the text, forms of the name, is it damage)."""
    rng = random.Random(4)
    table: list[tuple[str, list[Form]]] = []
    for latin, arabic in names():
        for latin_part, arabic_part in zip(
            parts(latin), arabic_parts(arabic, parts(latin)[0]), strict=True
        ):
            if not latin_part:
                continue
            forms = [*latin_forms(latin_part), arabic_form(arabic_part)]
            table.append((fold(latin_part.replace(" ", "")), forms))
            for _ in range(SIMULATED_PER_NAME):
                yield units_of(read_back(arabic_part, rng)), forms, True
    for damaged, right in pairs():
        yield units_of(damaged), latin_forms(right), True
    others = [(name, coarse(units_of(name))) for name in other_names()]
    others += [(name, coarse(forms[0][0])) for name, forms in table]
    for name, forms in table:
        keys = {coarse(units) for units, _ in forms}
        near = [
            other
            for other, key in others
            if other != name
            and any(Levenshtein.distance(key, mine, score_cutoff=1) <= 1 for mine in keys)
        ]
        for other in rng.sample(near, min(NEGATIVES_PER_FORM, len(near))):
            yield units_of(other), forms, False


def best_form(text: str, forms: list[Form], table: Weights, arabic: bool) -> Form | None:
    kind = [form for form in forms if form[1] == arabic]
    if not kind:
        return None
    return max(
        kind, key=lambda form: skeleton.score_with(text, form[0], arabic=arabic, table=table)
    )


def table_of(latin: dict[str, float], arabic: dict[str, float]) -> Weights:
    return Weights.from_json({"latin": latin, "arabic": arabic})


def main() -> None:
    data = list(examples())
    current = {False: dict(START), True: dict(START) | {"vowel_added": -0.05}}
    for round_ in range(ROUNDS):
        table = table_of(current[False], current[True])
        for arabic in (False, True):
            rows, labels = [], []
            for text, forms, label in data:
                form = best_form(text, forms, table, arabic)
                if form is None:
                    continue
                rows.append(skeleton.operations(text, form[0], arabic=arabic, table=table))
                labels.append(label)
            model = LogisticRegression(C=0.3, class_weight="balanced", max_iter=2000)
            model.fit(np.array(rows), np.array(labels))
            accuracy = model.score(np.array(rows), np.array(labels))
            learned = dict(zip(OPERATIONS, model.coef_[0], strict=True))
            for name, ceiling in CEILING.items():
                learned[name] = min(float(learned[name]), ceiling)
            learned["bias"] = float(model.intercept_[0])
            print(f"round {round_} arabic={arabic} n={len(rows)} accuracy={accuracy:.3f}")
            current[arabic] = {name: round(float(value), 3) for name, value in learned.items()}
    TARGET.write_text(
        json.dumps({"latin": current[False], "arabic": current[True]}, indent=1) + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
