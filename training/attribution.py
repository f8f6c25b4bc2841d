"""``attribute``: who said it, joined to our own sentences, as a table that ``prepare`` reads.

English news likes to name the speaker last ("..., the minister said"), and a model that has learnt
so and begins with what was said may forget the speaker. So Arabic statements are given speakers
whom both sides name first, most of them in Latin script inside the Arabic, many with a title.
French statements are given one or two speakers before or after what they said, with titles before
or after their names: general prose names few people, and a model that is trained on it forgets how
to copy a name and what "le préfet" before it is.
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


#: The same for French: what says it, with {who} (and {other}), {day}, {clause} for what is stated,
#: {whole} for the same with its capital and without its full stop.
FRENCH_SAYING = (
    ("{who} a déclaré{day} que {clause}", "{who} said{day} that {clause}"),
    ("{who} a indiqué{day} que {clause}", "{who} said{day} that {clause}"),
    ("{who} a affirmé{day} que {clause}", "{who} said{day} that {clause}"),
    ("{who} a annoncé{day} que {clause}", "{who} announced{day} that {clause}"),
    ("{who} a expliqué{day} que {clause}", "{who} explained{day} that {clause}"),
    ("{who} a rappelé{day} que {clause}", "{who} recalled{day} that {clause}"),
    ("{who} a reconnu{day} que {clause}", "{who} acknowledged{day} that {clause}"),
    ("{who} a souligné{day} que {clause}", "{who} stressed{day} that {clause}"),
    ("{who} estime que {clause}", "{who} believes that {clause}"),
    ("{who} a répondu{day} à {other} que {clause}", "{who} replied{day} to {other} that {clause}"),
    ("{who} et {other} ont répété que {clause}", "{who} and {other} repeated that {clause}"),
    ("{who} a écrit à {other} que {clause}", "{who} wrote to {other} that {clause}"),
    ("Interrogé par {other}, {who} a dit que {clause}",
     "Asked by {other}, {who} said that {clause}"),
    ("Selon {who}, {clause}", "According to {who}, {clause}"),
    ("Selon {who} et {other}, {clause}", "According to {who} and {other}, {clause}"),
    ("D'après {who}, {clause}", "According to {who}, {clause}"),
    ("Pour {who}, {clause}", "For {who}, {clause}"),
    ("Dans une lettre de {who} à {other}, on lit : {clause}",
     "A letter from {who} to {other} reads: {clause}"),
    ("{whole}, a déclaré {who}{day}.", "{whole}, {who} said{day}."),
    ("{whole}, a précisé {who}{day}.", "{whole}, {who} said{day}."),
    ("{whole}, selon {who}.", "{whole}, according to {who}."),
    ("« {whole} », a lancé {who} à {other}.", "“{whole},” {who} told {other}."),
    ("« {whole} », a dit {who}{day}.", "“{whole},” {who} said{day}."),
)  # fmt: skip
#: What someone is: before his name and after it.
FRENCH_TITLES = (
    ("le ministre", "Minister", "le ministre", "the minister"),
    ("le ministre", "the minister", "le ministre", "the minister"),
    ("la ministre", "Minister", "la ministre", "the minister"),
    ("le ministre de l'Intérieur", "Interior Minister",
     "le ministre de l'Intérieur", "the interior minister"),
    ("la ministre de la Justice", "Justice Minister",
     "la ministre de la Justice", "the justice minister"),
    ("le président", "President", "le président", "the president"),
    ("la présidente", "President", "présidente du conseil", "president of the council"),
    ("le maire", "Mayor", "le maire", "the mayor"),
    ("la maire", "Mayor", "maire de la ville", "mayor of the city"),
    ("le procureur", "prosecutor", "le procureur", "the prosecutor"),
    ("la procureure", "prosecutor", "la procureure", "the prosecutor"),
    ("le préfet", "Prefect", "le préfet", "the prefect"),
    ("le député", "MP", "le député", "the MP"),
    ("la députée", "MP", "députée de la région", "an MP for the region"),
    ("le sénateur", "Senator", "le sénateur", "the senator"),
    ("le juge", "Judge", "le juge", "the judge"),
    ("la juge", "Judge", "juge d'instruction", "investigating judge"),
    ("le général", "General", "le général", "the general"),
    ("le colonel", "Colonel", "le colonel", "the colonel"),
    ("l'avocat", "lawyer", "son avocat", "his lawyer"),
    ("l'avocate", "lawyer", "l'avocate", "the lawyer"),
    ("le candidat", "candidate", "le candidat", "the candidate"),
    ("l'ancien ministre", "former minister", "ancien ministre", "a former minister"),
    ("l'ambassadeur", "Ambassador", "l'ambassadeur", "the ambassador"),
    ("le porte-parole", "spokesman", "le porte-parole", "the spokesman"),
    ("la porte-parole", "spokeswoman", "la porte-parole", "the spokeswoman"),
    ("le réalisateur", "director", "le réalisateur", "the director"),
    ("l'écrivain", "writer", "écrivain", "a writer"),
    ("l'historien", "historian", "historien", "a historian"),
    ("la chercheuse", "researcher", "chercheuse", "a researcher"),
    ("l'entraîneur", "coach", "l'entraîneur", "the coach"),
    ("le docteur", "Dr", "médecin", "a doctor"),
    ("l'évêque", "Bishop", "l'évêque", "the bishop"),
    ("M.", "Mr", "le directeur", "the director"),
    ("Mme", "Ms", "la directrice", "the director"),
)  # fmt: skip
FRENCH_DAYS = (
    ("", ""), ("", ""), ("", ""), (" lundi", " on Monday"), (" mardi", " on Tuesday"),
    (" mercredi", " on Wednesday"), (" jeudi", " on Thursday"), (" samedi", " on Saturday"),
    (" vendredi soir", " on Friday evening"), (" hier", " yesterday"),
    (" dans un communiqué", " in a statement"),
)  # fmt: skip
#: Speakers with a title, of all French ones; of these, those who have it before their name.
TITLED_SHARE = 0.75
TITLE_FIRST_SHARE = 0.7
#: A French statement that needs no capital: it begins with an article, a pronoun or the like.
_FRENCH_STATEMENT = re.compile(
    r"(?:L['’]|(?:Le|La|Les|Un|Une|Des|Ce|Cette|Ces|Il|Elle|Ils|Elles|On|Chaque|Plusieurs) )"
    r"[^\"«»“”:?!.]*[^\"«»“”:?!.\s]\."
)
#: "à le préfet", "de le préfet" and "que il", as French writes them.
_CONTRACTED = (
    (re.compile(r"\bà le (?=\w)"), "au "), (re.compile(r"\bde le (?=\w)"), "du "),
    (re.compile(r"\bque (?=(?:ils?|elles?|on|une?)\b)"), "qu'"),
)  # fmt: skip


def attributed(
    pairs: Iterable[Pair],
    names: Sequence[Pair],
    counts: Counter[str],
    *,
    language: str = "ar",
    copies: int | None = None,
    seed: int = 1,
) -> Iterator[Pair]:
    """Yield our own statements with speakers.

    Args:
        pairs: sentences of ``language`` and English; those that are no statements are passed over.
        names: parts of people's names, Arabic and English.
        counts: English words as they are written inside sentences (``dictionary.count_cases``).
        language: "ar" or "fr".
        copies: speakers given to each statement; 5 for Arabic and 1 for French, which has more
            statements that speakers can be given to.
        seed: of every random choice.
    """
    rng = random.Random(seed)
    names = [pair for pair in names if pair.english.isalpha() and pair.source.isalpha()]
    pool = NamePool([pair.english for pair in names], rng)
    pattern, default = (_STATEMENT, 5) if language == "ar" else (_FRENCH_STATEMENT, 1)
    for pair in pairs:
        opening = pair.english.split(maxsplit=1)
        if (
            pair.origin not in OWN
            or len(opening) < 2
            or not pair.english.endswith(".")
            or '"' in pair.english
            or "“" in pair.english
            or pattern.fullmatch(pair.source) is None
        ):
            continue
        first = natural_case(opening[0], counts) or opening[0]
        statement = f"{first} {opening[1]}"
        for _ in range(default if copies is None else copies):
            if language == "ar":
                yield _in_arabic(pair, statement, names, pool, rng)
            else:
                yield _in_french(pair, statement, pool, rng)


def _in_arabic(
    pair: Pair, statement: str, names: Sequence[Pair], pool: NamePool, rng: random.Random
) -> Pair:
    """An Arabic statement after its speaker."""
    his, her, verb = rng.choice(SAYING)
    form, titles = rng.choice(((his, MALE), (his, MALE), (her, FEMALE)))
    title, english_title = rng.choice(titles)
    day, english_day = rng.choice(WHEN)
    foreign, english = _speaker(names, pool, rng)
    before = form.replace("{}", f"{title} {foreign}{day}".strip())
    that = " that" if rng.random() < 0.6 or english_day else ""
    said = f"{english_title} {english} {verb}{english_day}{that} {statement}".strip()
    return Pair(f"{before} {pair.source}", said[0].upper() + said[1:], ORIGIN)


def _in_french(pair: Pair, statement: str, pool: NamePool, rng: random.Random) -> Pair:
    """A French statement before or after its speaker."""
    french, english = rng.choice(FRENCH_SAYING)
    day, english_day = rng.choice(FRENCH_DAYS)
    who, english_who = _titled(pool, rng)
    other, english_other = _titled(pool, rng)
    lowered = pair.source[0].lower() + pair.source[1:]
    french = french.format(who=who, other=other, day=day, clause=lowered, whole=pair.source[:-1])
    for pattern, contracted in _CONTRACTED:
        french = pattern.sub(contracted, french)
    english = english.format(
        who=english_who,
        other=english_other,
        day=english_day,
        clause=statement,
        whole=pair.english[:-1],
    )
    # A clause in commas needs the second one only inside the sentence.
    french, english = (text.replace(",,", ",").replace(",.", ".") for text in (french, english))
    return Pair(french[0].upper() + french[1:], english[0].upper() + english[1:], ORIGIN)


def _titled(pool: NamePool, rng: random.Random) -> tuple[str, str]:
    """Someone with his title, if any, in French and in English."""
    name = pool.draw(rng.choice((1, 2, 2, 2, 2, 3)))
    if rng.random() >= TITLED_SHARE:
        return name, name
    before, english_before, after, english_after = rng.choice(FRENCH_TITLES)
    if rng.random() < TITLE_FIRST_SHARE:
        return f"{before} {name}", f"{english_before} {name}"
    return f"{name}, {after},", f"{name}, {english_after},"


def _speaker(names: Sequence[Pair], pool: NamePool, rng: random.Random) -> tuple[str, str]:
    """A name in the script of each side."""
    if rng.random() < LATIN_SHARE:
        name = pool.draw(rng.choice((1, 2, 2, 2, 2, 3)))
        return name, name
    given, surname = rng.choice(names), rng.choice(names)
    return f"{given.source} {surname.source}", f"{given.english} {surname.english}"
