"""``attribute``: who said it, put before Arabic sentences, as a table that ``prepare`` reads.

English news likes to name the speaker last ("..., the minister said"), and a model that has learnt
so and begins with what was said may forget the speaker. So statements are given speakers whom
both sides name first, most of them in Latin script inside the Arabic, many with a title.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from training.augment import NamePool
from training.data import OWN, Pair
from training.dictionary import natural_case

ORIGIN = "attributed"
LICENCE = "Apache-2.0"

#: What stands before the statement, of a man and of a woman, with {} for the speaker.
SAYING = (
    ("قال {} إن", "قالت {} إن", "said"), ("وقال {} إن", "وقالت {} إن", "said"),
    ("قال {} إن", "قالت {} إن", "said"), ("وقال {} إن", "وقالت {} إن", "said"),
    ("أكد {} أن", "أكدت {} أن", "confirmed"), ("وأكد {} أن", "وأكدت {} أن", "stressed"),
    ("أوضح {} أن", "أوضحت {} أن", "explained"), ("وأضاف {} أن", "وأضافت {} أن", "added"),
    ("أعلن {} أن", "أعلنت {} أن", "announced"), ("ذكر {} أن", "ذكرت {} أن", "said"),
    ("صرح {} بأن", "صرحت {} بأن", "stated"), ("كشف {} أن", "كشفت {} أن", "revealed"),
    ("وأشار {} إلى أن", "وأشارت {} إلى أن", "pointed out"),
    ("اعتبر {} أن", "اعتبرت {} أن", "considered"), ("ويرى {} أن", "وترى {} أن", "believes"),
)  # fmt: skip
#: Titles before a name; the empty one stands for none.
MALE = (
    ("", ""), ("", ""), ("", ""), ("الرئيس", "President"), ("الوزير", "Minister"),
    ("وزير الداخلية", "Interior Minister"), ("وزير الخارجية", "Foreign Minister"),
    ("رئيس الوزراء", "Prime Minister"), ("رئيس البلدية", "Mayor"), ("المتحدث", "spokesman"),
    ("النائب", "MP"), ("المحامي", "lawyer"), ("المدعي العام", "prosecutor"),
    ("المؤرخ", "historian"), ("الطبيب", "Dr"), ("المدرب", "coach"), ("السيد", "Mr"),
)  # fmt: skip
FEMALE = (
    ("", ""), ("", ""), ("وزيرة العدل", "Justice Minister"), ("رئيسة البلدية", "Mayor"),
    ("المتحدثة", "spokeswoman"), ("النائبة", "MP"), ("الباحثة", "researcher"), ("السيدة", "Ms"),
)  # fmt: skip
WHEN = (
    ("", ""), ("", ""), ("", ""), (" يوم الاثنين", " on Monday"), (" الثلاثاء", " on Tuesday"),
    (" يوم الأربعاء", " on Wednesday"), (" الخميس", " on Thursday"), (" أمس", " yesterday"),
    (" مساء السبت", " on Saturday evening"), (" في بيان", " in a statement"),
)  # fmt: skip
#: Speakers in Latin script, of all.
LATIN_SHARE = 0.75
#: A statement that can follow إن or أن: one sentence that begins with a noun that has its article
#: (or with a verb such as التقى, which must not be there).
_STATEMENT = re.compile(r"(?!الت[قهحزمف])ال[\u0621-\u064a]{2,}[^\"«»:؟?.!(]*\.")


def attributed(
    pairs: Iterable[Pair],
    names: Sequence[Pair],
    counts: Counter[str],
    *,
    copies: int = 5,
    seed: int = 1,
) -> Iterator[Pair]:
    """Yield our own statements with speakers before them.

    Args:
        pairs: Arabic and English sentences; those that are no statements are passed over.
        names: parts of people's names in both scripts.
        counts: English words as they are written inside sentences (``dictionary.count_cases``).
        copies: speakers given to each statement.
        seed: of every random choice.
    """
    rng = random.Random(seed)
    names = [pair for pair in names if pair.english.isalpha() and pair.source.isalpha()]
    pool = NamePool([pair.english for pair in names], rng)
    for pair in pairs:
        opening = pair.english.split(maxsplit=1)
        if (
            pair.origin not in OWN
            or len(opening) < 2
            or not pair.english.endswith(".")
            or '"' in pair.english
            or "“" in pair.english
            or _STATEMENT.fullmatch(pair.source) is None
        ):
            continue
        first = natural_case(opening[0], counts) or opening[0]
        statement = f"{first} {opening[1]}"
        for _ in range(copies):
            his, her, verb = rng.choice(SAYING)
            form, titles = rng.choice(((his, MALE), (his, MALE), (her, FEMALE)))
            title, english_title = rng.choice(titles)
            day, english_day = rng.choice(WHEN)
            foreign, english = _speaker(names, pool, rng)
            before = form.replace("{}", f"{title} {foreign}{day}".strip())
            that = " that" if rng.random() < 0.6 or english_day else ""
            said = f"{english_title} {english} {verb}{english_day}{that} {statement}".strip()
            yield Pair(f"{before} {pair.source}", said[0].upper() + said[1:], ORIGIN)


def _speaker(names: Sequence[Pair], pool: NamePool, rng: random.Random) -> tuple[str, str]:
    """A name in the script of each side."""
    if rng.random() < LATIN_SHARE:
        name = pool.draw(rng.choice((1, 2, 2, 2, 2, 3)))
        return name, name
    given, surname = rng.choice(names), rng.choice(names)
    return f"{given.source} {surname.source}", f"{given.english} {surname.english}"
