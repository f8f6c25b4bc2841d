"""One SentencePiece model for both languages, and the smaller set of pieces that English uses.

The package holds one ``sentencepiece.model`` (stock argostranslate reads one), but CTranslate2
keeps two vocabularies: every piece may appear in the source, only the pieces of the English side in
the target. The softmax, most of the cost of a small model, stays small.

Normalisation lives inside the SentencePiece model, so that any client profits from it:
SentencePiece's own ``nmt_nfkc`` and, on top, what Arabic and French news needs.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sentencepiece

PAD, BOS, EOS, UNK = 0, 1, 2, 3
SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")

#: Letters of foreign names that both sides must be able to write.
NAME_LETTERS = tuple("àâäáãåæçéèêëíîïñóôöøœßúùûüýÿčćšžğışłńśźżąęāēīōūđÀÂÁÅÇÉÈÊËÎÍÏÑÓÔÖØŒÚÙÛÜŠŽĐ")

#: Pieces for a doubled letter: of two equal pieces of a name, one was often lost in copying.
DOUBLED = tuple(2 * letter for letter in "abcdefgijklmnoprstuvyz")
#: Particles of names that would begin with the bare space piece, at which models lose their place.
PARTICLES = ("▁von", "▁der", "▁den", "▁van", "▁ben", "▁bin", "▁el", "▁El", "▁Le", "▁Ben", "▁Bin")
#: What every vocabulary of this project has beside what SentencePiece chose.
ADDED = (*DOUBLED, *PARTICLES)

_WORD = re.compile(r"[^\W\d_]+")
#: A piece that stands in names more often than this share of its uses is a piece of names.
NAME_PIECE = 0.25

_TASHKEEL = [*range(0x0610, 0x061B), *range(0x064B, 0x0660), 0x0670, *range(0x06D6, 0x06ED)]

#: What replaces a character after nmt_nfkc; an empty string removes it.
ARABIC_RULES: dict[str, str] = {
    **{chr(code): "" for code in _TASHKEEL},
    "\u0640": "",  # tatweel
    "\u0622": "\u0627",  # آ
    "\u0623": "\u0627",  # أ
    "\u0625": "\u0627",  # إ
    "\u0671": "\u0627",  # ٱ
    "\u0649": "\u064a",  # ى
    "\u06cc": "\u064a",  # Persian ye
    "\u06a9": "\u0643",  # Persian kaf
    "\u061f": "?",
    "\u060c": ",",
    "\u061b": ";",
    "\u066a": "%",
    "\u066b": ".",
    "\u066c": ",",
    **{chr(0x0660 + digit): str(digit) for digit in range(10)},
    **{chr(0x06F0 + digit): str(digit) for digit in range(10)},
}

#: Quotes and dashes that typists and typesetters write differently.
COMMON_RULES: dict[str, str] = {
    "\u2019": "'",
    "\u2018": "'",
    "\u02bc": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2011": "-",
    "\u2010": "-",
}


def _spread(text: str, rules: dict[str, str]) -> str:
    return "".join(rules.get(character, character) for character in text)


def normalisation_rules(language: str) -> dict[str, str]:
    """Return the whole normalisation table: sequence of characters to its replacement.

    Built by running SentencePiece's ``nmt_nfkc`` over every code point of the Basic Multilingual
    Plane and over base letter + combining mark, then applying this project's rules to the result.
    """
    ours = dict(COMMON_RULES)
    if language == "ar":
        ours.update(ARABIC_RULES)
    base = sentencepiece.SentencePieceNormalizer(
        rule_name="nmt_nfkc",
        add_dummy_prefix=False,
        escape_whitespaces=False,
        remove_extra_whitespaces=False,
    )
    singles = [
        chr(code) for code in range(1, 0x10000) if not 0xD800 <= code <= 0xDFFF and code != 0x2581
    ]
    composed = [
        sequence
        for character in singles
        if (sequence := unicodedata.normalize("NFD", character)) != character
        and unicodedata.normalize("NFC", sequence) == character
        and not 0xAC00 <= ord(character) <= 0xD7A3
    ]
    rules: dict[str, str] = {}
    for sequence in [*singles, *composed]:
        result = _spread(base.normalize(sequence), ours)
        if result != sequence:
            rules[sequence] = result
    return rules


def write_rules(rules: dict[str, str], path: Path) -> None:
    """Write the table in SentencePiece's ``normalization_rule_tsv`` format."""
    with path.open("w", encoding="ascii") as out:
        for sequence in sorted(rules):
            left = " ".join(f"{ord(character):X}" for character in sequence)
            right = " ".join(f"{ord(character):X}" for character in rules[sequence])
            out.write(f"{left}\t{right}\n")


def train_sentencepiece(
    lines: Iterable[str], prefix: Path, language: str, size: int, seed_lines: int = 400_000
) -> None:
    """Train the joint unigram model; write ``prefix.model``.

    Args:
        lines: sentences of both languages.
        prefix: where the model goes, without ``.model``.
        language: source language, for its normalisation rules.
        size: number of pieces.
        seed_lines: at most so many lines are read, drawn at random.
    """
    table = prefix.with_suffix(".rules.tsv")
    write_rules(normalisation_rules(language), table)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(prefix),
        vocab_size=size,
        model_type="unigram",
        character_coverage=0.9998,
        required_chars="".join(NAME_LETTERS),
        pad_id=PAD,
        bos_id=BOS,
        eos_id=EOS,
        unk_id=UNK,
        normalization_rule_tsv=str(table),
        input_sentence_size=seed_lines,
        shuffle_input_sentence=True,
        num_threads=1,
        split_digits=True,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    add_pieces(prefix.with_suffix(".model"), ADDED)


def _without(model: Path, unwanted: Callable[[str], bool]) -> bytes:
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.read_bytes())
    for piece in proto.pieces:
        if piece.type == piece.NORMAL and unwanted(piece.piece):
            piece.type = piece.UNUSED
    return bytes(proto.SerializeToString())


def add_pieces(model: Path, pieces: Sequence[str]) -> list[str]:
    """Add ``pieces`` to ``model``, a little likelier than what they are made of.

    Those with a letter that the model does not have are left out; a piece that went unused is used
    again.

    Returns:
        Those that were new, in the order of their ids.
    """
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.read_bytes())
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    known = {piece.piece: piece for piece in proto.pieces}
    added = []
    for text in pieces:
        if text in known:
            known[text].type = known[text].NORMAL
            continue
        if not all(letter in known for letter in text):
            continue
        parts = _pieces_of(processor, text)
        score = sum(known[part].score for part in parts) + 0.5
        proto.pieces.add(piece=text, score=score, type=known[text[0]].NORMAL)
        added.append(text)
    model.write_bytes(proto.SerializeToString())
    return added


def _pieces_of(processor: sentencepiece.SentencePieceProcessor, text: str) -> list[str]:
    """What ``text`` is made of: a whole word's own pieces, or else the letters."""
    if not text.startswith("▁"):
        return list(text)
    pieces: list[str] = processor.encode(text.removeprefix("▁"), out_type=str)
    return pieces


def restrict(model: Path, pieces: set[str]) -> sentencepiece.SentencePieceProcessor:
    """Load ``model`` so that it writes text with ``pieces`` only, in the best way these allow."""
    return sentencepiece.SentencePieceProcessor(
        model_proto=_without(model, lambda piece: piece not in pieces)
    )


def split_latin_alike(model: Path, target: set[str]) -> None:
    """Change ``model`` so that Latin text is split alike in the source and in English.

    For a source language in another script: Latin pieces that English may not write go unused, and
    a name is the same pieces on both sides.
    """
    model.write_bytes(
        _without(model, lambda piece: piece not in target and piece.replace("▁", "a").isascii())
    )


def split_names_alike(
    model: Path, target: set[str], pairs: Sequence[tuple[str, str]], rounds: int = 3
) -> int:
    """Change ``model`` so that names are split alike in the source and in English.

    For a source language in Latin script: pieces that English may not write, and that mostly stand
    in capitalised words which the English sentence repeats letter by letter, go unused.

    Args:
        model: the joint model, rewritten in place.
        target: pieces that English may write.
        pairs: source and English sentences.
        rounds: without a piece, names are split into others; these are judged again.

    Returns:
        How many pieces went unused.
    """
    unused: set[str] = set()
    for _ in range(rounds):
        processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
        repeated: Counter[str] = Counter()
        every: Counter[str] = Counter()
        for source, english in pairs:
            every.update(processor.encode(source, out_type=str))
            words = set(_WORD.findall(english))
            for word in _WORD.findall(source)[1:]:
                if word[0].isupper() and word in words:
                    repeated.update(processor.encode(word, out_type=str))
        found = {
            piece
            for piece, count in repeated.items()
            if piece not in target and count > NAME_PIECE * every[piece]
        }
        if not found:
            break
        unused |= found
        model.write_bytes(_without(model, found.__contains__))
    return len(unused)


def split_rare_names(model: Path, counts: Mapping[str, int], least: int) -> int:
    """Change ``model`` so that capitalised words that training saw seldom are split further.

    The vector of a piece that is a whole name ("▁Nuñez") and that was shown a few dozen times is no
    guide to copying it; its parts, which many names share, are.

    Args:
        model: the joint model, rewritten in place.
        counts: how often training showed each English piece.
        least: with fewer showings a piece goes unused.

    Returns:
        How many pieces went unused.
    """
    rare = {
        piece
        for piece, count in counts.items()
        if count < least
        and len(piece) > 2
        and piece[:1] == "▁"
        and piece[1].isupper()
        and piece[1:].isalpha()
    }
    model.write_bytes(_without(model, rare.__contains__))
    return len(rare)


@dataclass(frozen=True)
class Vocabulary:
    """The joint SentencePiece model and the English pieces.

    Source ids are SentencePiece's own; target ids are positions in ``target``, whose first four
    entries are the special pieces.
    """

    source: sentencepiece.SentencePieceProcessor
    constrained: sentencepiece.SentencePieceProcessor
    target: list[str]

    @classmethod
    def load(cls, folder: Path) -> Vocabulary:
        """Read ``sentencepiece.model`` and ``target_vocabulary.json`` of a run."""
        model = str(folder / "sentencepiece.model")
        target = json.loads((folder / "target_vocabulary.json").read_text(encoding="utf-8"))
        source = sentencepiece.SentencePieceProcessor(model_file=model)
        return cls(source, restrict(Path(model), set(target)), target)

    @cached_property
    def target_index(self) -> dict[str, int]:
        """The id of each target piece."""
        return {piece: i for i, piece in enumerate(self.target)}

    @property
    def source_pieces(self) -> list[str]:
        """Every piece, by source id."""
        return [self.source.id_to_piece(i) for i in range(self.source.get_piece_size())]

    def encode_source(self, texts: Sequence[str]) -> list[list[int]]:
        """Return source ids of each text, without the end mark."""
        return self.source.encode(list(texts))  # type: ignore[no-any-return]

    def encode_target(self, texts: Sequence[str]) -> list[list[int]]:
        """Return target ids of each English text, without the end mark."""
        return [
            [self.target_index.get(piece, UNK) for piece in pieces]
            for pieces in self.constrained.encode(list(texts), out_type=str)
        ]


def choose_target(
    processor: sentencepiece.SentencePieceProcessor,
    english: Sequence[str],
    limit: int,
) -> list[str]:
    """Return the target vocabulary: specials, characters, doubled letters, particles, the rest.

    Args:
        processor: the joint model.
        english: the English side, weighted as it will be shown.
        limit: number of entries.
    """
    counts: Counter[str] = Counter()
    for pieces in processor.encode(list(english), out_type=str):
        counts.update(pieces)
    known = {processor.id_to_piece(i) for i in range(len(SPECIALS), processor.get_piece_size())}
    counts = Counter({piece: count for piece, count in counts.items() if piece in known})
    letters = {
        piece
        for piece in known
        if len(piece) == 1 and (piece.isascii() or piece in NAME_LETTERS or counts[piece] > 2)
    }
    letters |= known & set(ADDED)
    letters |= {piece for piece in known if piece == "▁"}
    common = [piece for piece, _ in counts.most_common() if piece not in letters]
    chosen = sorted(letters) + common[: limit - len(letters) - len(SPECIALS)]
    return [*SPECIALS, *chosen]


def latin_ids(words: Vocabulary) -> list[int]:
    """Return the source ids of pieces in Latin letters."""
    return [
        i
        for i, piece in enumerate(words.source_pieces)
        if i >= len(SPECIALS)
        and (letters := piece.replace("▁", ""))
        and letters.isalpha()
        and max(letters) < "\u0370"
    ]
