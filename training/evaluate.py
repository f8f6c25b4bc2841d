"""Step 7, ``evaluate``: the tables of the model card, from a package and folders of test sets.

A test set is three kinds of files in one folder: ``SET.LANG.src``, ``SET.LANG.ref`` and any number
of ``SET.LANG.sys.NAME`` (stored output of other systems, scored the same way).
"""

from __future__ import annotations

import random
import tempfile
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import sacrebleu
import sentencepiece

from training import data, noise
from training.package import unpack

#: Source lengths in words that the card reports, half-open.
BUCKETS = ((1, 11), (11, 21), (21, 31), (31, 200))

#: Sentences with a slot, for the survival of single injected Latin names.
CARRIERS = (
    "قال {} إن المفاوضات ستستمر حتى نهاية الأسبوع.",
    "أعلن وزير الداخلية {} عن خطة جديدة لمكافحة الجريمة في المدينة.",
    "وصل الرئيس إلى العاصمة حيث التقى {} يوم الثلاثاء.",
    "اتهمت النيابة العامة {} بالفساد وإساءة استخدام المال العام.",
    "فاز {} في الانتخابات البلدية التي جرت يوم الأحد.",
    "وكان {} قد استقال من منصبه قبل عامين بسبب خلافات داخل الحزب.",
    "رحبت المنظمة بقرار {} إعادة فتح التحقيق.",
    "قتل شقيق {} بالرصاص في شمال البلاد.",
)

#: Public names with the spellings that break most often; any list may be given instead.
NAMES = (
    "Laurent Nuñez", "Benoît Payan", "Kaouther Ben Mohamed", "Martine Vassal", "Rachida Dati",
    "Jean-Luc Mélenchon", "Gérald Darmanin", "Emmanuel Macron", "Marine Le Pen", "François Bayrou",
    "Élisabeth Borne", "Sébastien Lecornu", "Bruno Retailleau", "Yaël Braun-Pivet", "Kaïs Saïed",
    "Abdelmadjid Tebboune", "Mohammed Bin Salman", "Recep Tayyip Erdoğan", "Volodymyr Zelensky",
    "Ursula von der Leyen", "Olaf Scholz", "Giorgia Meloni", "Pedro Sánchez", "Luiz Inácio",
    "Ahmed al-Sharaa", "Naïma Moutchou", "Éric Ciotti", "Zinédine Zidane", "Kylian Mbappé",
    "Ousmane Dembélé",
)  # fmt: skip


class Package:
    """An unpacked package that translates sentences.

    Args:
        path: ``.argosmodel`` file.
        threads: threads of CTranslate2.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._folder = tempfile.TemporaryDirectory()
        top = unpack(path, Path(self._folder.name))
        self.translator = ctranslate2.Translator(
            str(top / "model"), device="cpu", inter_threads=1, intra_threads=threads
        )
        self.pieces = sentencepiece.SentencePieceProcessor(
            model_file=str(top / "sentencepiece.model")
        )

    def translate(self, texts: Sequence[str], beam: int = 2) -> list[str]:
        """Translate each text as one sentence."""
        results = self.translator.translate_batch(
            self.pieces.encode(list(texts), out_type=str),
            beam_size=beam,
            max_batch_size=1024,
            batch_type="tokens",
            max_decoding_length=200,
        )
        return [
            self.pieces.decode(result.hypotheses[0]).replace("▁", " ").strip() for result in results
        ]


@dataclass(frozen=True)
class Score:
    """BLEU and chrF2 of one output, with their signatures."""

    bleu: float
    chrf: float
    signatures: tuple[str, str]

    @classmethod
    def of(cls, hypotheses: Sequence[str], references: Sequence[str]) -> Score:
        """Score a corpus with sacreBLEU's defaults."""
        bleu, chrf = sacrebleu.BLEU(), sacrebleu.CHRF()
        first = bleu.corpus_score(list(hypotheses), [list(references)]).score
        second = chrf.corpus_score(list(hypotheses), [list(references)]).score
        return cls(first, second, (str(bleu.get_signature()), str(chrf.get_signature())))

    def __str__(self) -> str:
        return f"{self.bleu:.1f} | {self.chrf:.1f}"


@dataclass(frozen=True)
class TestSet:
    """Source, reference and stored outputs of other systems, line by line."""

    name: str
    sources: list[str]
    references: list[str]
    systems: dict[str, list[str]]

    __test__ = False

    def first(self, limit: int | None) -> TestSet:
        """Return the set cut to ``limit`` lines."""
        return TestSet(
            self.name,
            self.sources[:limit],
            self.references[:limit],
            {name: lines[:limit] for name, lines in self.systems.items()},
        )


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def read_test_sets(folder: Path, language: str) -> list[TestSet]:
    """Read every test set of ``language`` in ``folder``."""
    sets = []
    for source in sorted(folder.glob(f"*.{language}.src")):
        stem = source.name.removesuffix(".src")
        systems = {
            path.name.removeprefix(f"{stem}.sys."): _lines(path)
            for path in sorted(folder.glob(f"{stem}.sys.*"))
        }
        sets.append(TestSet(stem, _lines(source), _lines(folder / f"{stem}.ref"), systems))
    return sets


def heldout_set(authored: Path, language: str) -> TestSet:
    """Return the authored triples that training never saw, as a test set."""
    pairs = list(data.read_authored(authored, language, heldout=True))
    return TestSet(
        f"authored held out.{language}", [p.source for p in pairs], [p.english for p in pairs], {}
    )


def bucket_name(bucket: tuple[int, int]) -> str:
    """Return "11–20 words" for (11, 21)."""
    return (
        f"{bucket[0]}–{bucket[1] - 1} words" if bucket[1] < 200 else f"{bucket[0]} words and more"
    )


def score_set(package: Package, test: TestSet, beam: int) -> list[str]:
    """Return the table rows of one set: ours, by length, and the other systems."""
    hypotheses = package.translate(test.sources, beam)
    ours = Score.of(hypotheses, test.references)
    rows = [f"| {test.name} | **this package, beam {beam}** | {len(test.sources)} | {ours} |"]
    for bucket in BUCKETS:
        inside = [i for i, s in enumerate(test.sources) if bucket[0] <= len(s.split()) < bucket[1]]
        if len(inside) >= 10:
            score = Score.of([hypotheses[i] for i in inside], [test.references[i] for i in inside])
            rows.append(f"| {test.name} | · {bucket_name(bucket)} | {len(inside)} | {score} |")
    for name, lines in test.systems.items():
        rows.append(f"| {test.name} | {name} | {len(lines)} | {Score.of(lines, test.references)} |")
    return rows


def speed(package: Package, sources: Sequence[str], beam: int) -> float:
    """Return sentences a second."""
    package.translate(sources[:8], beam)
    began = time.perf_counter()
    package.translate(sources, beam)
    return len(sources) / (time.perf_counter() - began)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("’", "'")


def injected_names(package: Package, names: Sequence[str], beam: int) -> tuple[int, int, list[str]]:
    """Put each name into each Arabic carrier; return how many came out unchanged, of how many.

    The third value lists what was lost, as "name → output".
    """
    cases = [(name, carrier.format(name)) for name in names for carrier in CARRIERS]
    outputs = package.translate([text for _, text in cases], beam)
    lost = [
        f"{name} → {output}"
        for (name, _), output in zip(cases, outputs, strict=True)
        if _plain(name) not in _plain(output)
    ]
    return len(cases) - len(lost), len(cases), lost


def accented_names(package: Package, test: TestSet, beam: int) -> tuple[int, int]:
    """Count accented names that source and reference share, and how many survive."""
    cases = []
    for source, reference in zip(test.sources, test.references, strict=True):
        words = {word.strip(".,;:!?()\"'«» ") for word in _plain(reference).split()}
        for word in sorted(words):
            if word[:1].isupper() and not word.isascii() and word.isalpha() and word in source:
                cases.append((word, source))
    outputs = package.translate([source for _, source in cases], beam)
    kept = sum(word in output for (word, _), output in zip(cases, outputs, strict=True))
    return kept, len(cases)


def robustness(package: Package, test: TestSet, language: str, beam: int) -> list[str]:
    """Return table rows: the score of ``test`` under every reported noise."""
    changes: dict[str, Callable[[str], str]] = {
        "clean": str,
        **noise.REPORTED_NOISE[language],
    }
    rows = []
    for name, change in changes.items():
        hypotheses = package.translate([change(source) for source in test.sources], beam)
        rows.append(f"| {name} | {Score.of(hypotheses, test.references)} |")
    return rows


def spliced_names(names: Sequence[str], count: int, seed: int = 7) -> list[str]:
    """Make names that nobody bears, from halves of ``names``, so that none can have been learnt."""
    rng = random.Random(seed)
    words = sorted({w for name in names for w in name.split() if len(w) > 3 and w.isalpha()})
    made = []
    for _ in range(count):
        parts = []
        for _ in range(2):
            first, second = rng.sample(words, 2)
            parts.append(first[: len(first) // 2 + 1] + second[len(second) // 2 :].lower())
        made.append(" ".join(parts))
    return made


def report(
    package: Package,
    language: str,
    tests: Sequence[TestSet],
    *,
    beams: Sequence[int] = (1, 2, 4),
    beam: int = 2,
    limit: int | None = None,
) -> str:
    """Return the card's tables as Markdown.

    Args:
        tests: the sets; the last one also serves for noise, and the first for speed.
        beams: beam sizes to compare.
        beam: beam of the tables by set.
        limit: only the first lines of each set (None: all).
    """
    tests = [test.first(limit) for test in tests]
    lines = ["| set | system | lines | BLEU | chrF2 |", "|---|---|---:|---:|---:|"]
    for test in tests:
        lines += score_set(package, test, beam)
    signatures = Score.of(["a"], ["a"]).signatures
    lines += ["", f"Signatures: `{signatures[0]}`, `{signatures[1]}`.", ""]
    lines += ["| beam | BLEU | chrF2 | sentences/s | against beam 1 |", "|---|---:|---:|---:|---:|"]
    first = tests[0]
    rates = {size: speed(package, first.sources[:200], size) for size in beams}
    for size in beams:
        score = Score.of(package.translate(first.sources, size), first.references)
        ratio = rates[size] / rates[beams[0]]
        lines.append(f"| {size} | {score} | {rates[size]:.0f} | {ratio:.2f} |")
    lines += ["", "| source | BLEU | chrF2 |", "|---|---:|---:|"]
    lines += robustness(package, tests[-1], language, beam)
    lines.append("")
    if language == "ar":
        for title, names in (("public names", NAMES), ("invented names", spliced_names(NAMES, 40))):
            kept, total, lost = injected_names(package, names, beam)
            lines.append(f"Injected Latin names, {title}: {kept} of {total} unchanged.")
            lines += [f"  lost: {case}" for case in lost[:5]]
    else:
        kept, total = accented_names(package, tests[-1], beam)
        lines.append(f"Names with accents: {kept} of {total} come out with their accents.")
    return "\n".join(lines) + "\n"
