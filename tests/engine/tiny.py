"""A translation package of a few kilobytes, with random weights: real in everything but sense.

SentencePiece is trained on a few lines, a two-layer Transformer is filled with seeded noise, and
both are zipped as an `.argosmodel`. It loads and decodes like a real one, in a millisecond.
"""

from __future__ import annotations

import io
import json
import zipfile
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import ctranslate2
import numpy as np
import sentencepiece

LINES = (
    "Le ministre de l'Intérieur est arrivé à Marseille ce matin avec 12 personnes.",
    "The interior minister arrived in Marseille this morning with 12 people.",
    "وصل وزير الداخلية إلى مرسيليا صباح اليوم مع 12 شخصا.",
    "Wikipedia, Facebook, Google, Reuters, Microsoft et 3456789 questions ? Oui !",
)
VOCABULARY = 160


@lru_cache(maxsize=4)
def _sentencepiece() -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 20),
        model_writer=model,
        vocab_size=VOCABULARY,
        character_coverage=1.0,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return model.getvalue()


@lru_cache(maxsize=8)
def _model(seed: int) -> dict[str, bytes]:
    """The files of a CTranslate2 model folder."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=_sentencepiece())
    pieces = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    vocabulary = ["<unk>", "<s>", "</s>", *(p for p in pieces if p not in ("<unk>", "<s>", "</s>"))]
    spec = ctranslate2.specs.TransformerSpec.from_config(
        num_layers=(1, 1), num_heads=2, num_source_embeddings=1
    )
    spec.config.add_source_eos = True
    random = np.random.default_rng(seed)
    width, inner, size = 16, 32, len(vocabulary)

    def noise(*shape: int) -> np.ndarray:
        return random.normal(0, 0.3, shape).astype(np.float32)

    def linear(layer: object, rows: int, columns: int) -> None:
        layer.weight = noise(rows, columns)  # type: ignore[attr-defined]
        layer.bias = np.zeros(rows, dtype=np.float32)  # type: ignore[attr-defined]

    def norm(layer: object) -> None:
        layer.gamma = np.ones(width, dtype=np.float32)  # type: ignore[attr-defined]
        layer.beta = np.zeros(width, dtype=np.float32)  # type: ignore[attr-defined]

    def attention(layer: object, *, cross: bool) -> None:
        norm(layer.layer_norm)  # type: ignore[attr-defined]
        shapes = ((width, width), (2 * width, width), (width, width)) if cross else (
            (3 * width, width), (width, width)
        )  # fmt: skip
        for part, shape in zip(layer.linear, shapes, strict=True):  # type: ignore[attr-defined]
            linear(part, *shape)

    for stack in (spec.encoder, spec.decoder):
        embeddings = stack.embeddings
        for embedding in embeddings if isinstance(embeddings, list) else [embeddings]:
            embedding.weight = noise(size, width)
        norm(stack.layer_norm)
        for layer in stack.layer:
            attention(layer.self_attention, cross=False)
            if hasattr(layer, "attention"):
                attention(layer.attention, cross=True)
            norm(layer.ffn.layer_norm)
            linear(layer.ffn.linear_0, inner, width)
            linear(layer.ffn.linear_1, width, inner)
    linear(spec.decoder.projection, size, width)
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.validate()
    with TemporaryDirectory() as folder:
        spec.save(folder)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def files(
    source: str = "fr", target: str = "en", version: str = "1.0", *, seed: int = 1
) -> dict[str, bytes]:
    """The files of a package, by their path below its top folder."""
    metadata = {
        "package_version": version,
        "argos_version": "1.9",
        "from_code": source,
        "from_name": source,
        "to_code": target,
        "to_name": target,
    }
    return {
        "metadata.json": json.dumps(metadata).encode(),
        "sentencepiece.model": _sentencepiece(),
        **{f"model/{name}": data for name, data in _model(seed).items()},
    }


def archive(path: Path, content: dict[str, bytes], *, top: str = "package/") -> Path:
    """Zip files below a top folder into an `.argosmodel`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in content.items():
            zipped.writestr(top + name, data)
    return path


def package(
    folder: Path, source: str = "fr", target: str = "en", version: str = "1.0", *, seed: int = 1
) -> Path:
    """Write ``translate-SOURCE_TARGET.argosmodel`` into `folder`."""
    return archive(
        folder / f"translate-{source}_{target}.argosmodel",
        files(source, target, version, seed=seed),
    )
