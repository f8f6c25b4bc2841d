"""Steps 4 and 5, ``average`` and ``export``: from snapshots to an ``.argosmodel``, and back.

``read_package`` turns a package into training weights again, so that a later run can go on where an
earlier one stopped, with nothing kept but the package. int8 costs it little: rows are rounded to
1/127 of their largest value.
"""

from __future__ import annotations

import json
import shutil
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from ctranslate2.specs import common_spec, transformer_spec
from numpy.typing import NDArray
from torch import Tensor

from training.model import MAX_POSITIONS, Shape, Translator, positions
from training.package import pack, unpack
from training.vocabulary import Vocabulary

PACKAGE_VERSION = "1.6"
ARGOS_VERSION = "1.9"
LANGUAGE_NAMES = {"ar": "Arabic", "fr": "French"}
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Snapshot:
    """Weights with the shape of the model that they fill."""

    weights: Weights
    shape: Shape

    def model(self) -> Translator:
        """Return the model, ready to translate."""
        model = Translator(self.shape, self.weights["source_rows"])
        model.load_state_dict(self.weights)
        model.eval()
        return model

    def save(self, path: Path) -> None:
        """Write atomically."""
        temporary = path.with_suffix(".tmp")
        torch.save({"weights": self.weights, "shape": vars(self.shape)}, temporary)
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Snapshot:
        """Read a snapshot that ``train`` or ``average`` wrote."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        return cls(state["weights"], Shape(**state["shape"]))


def average(snapshots: Sequence[Snapshot]) -> Snapshot:
    """Return the mean of snapshots of one run, or of runs that went on from one another."""
    first = snapshots[0]
    weights = {
        name: torch.stack([s.weights[name] for s in snapshots]).mean(0)
        if value.is_floating_point()
        else value
        for name, value in first.weights.items()
    }
    return Snapshot(weights, first.shape)


# A learnt layer and the CTranslate2 layer of the same sense: (ours, theirs).
_ENCODER_LAYERS = (
    ("0.norm", "self_attention/layer_norm"),
    ("0.query_key_value", "self_attention/linear_0"),
    ("0.out", "self_attention/linear_1"),
    ("1.norm", "ffn/layer_norm"),
    ("1.up", "ffn/linear_0"),
    ("1.down", "ffn/linear_1"),
)
_DECODER_LAYERS = (
    ("0.norm", "self_attention/layer_norm"),
    ("0.query_key_value", "self_attention/linear_0"),
    ("0.out", "self_attention/linear_1"),
    ("1.norm", "attention/layer_norm"),
    ("1.query", "attention/linear_0"),
    ("1.key_value", "attention/linear_1"),
    ("1.out", "attention/linear_2"),
    ("2.norm", "ffn/layer_norm"),
    ("2.up", "ffn/linear_0"),
    ("2.down", "ffn/linear_1"),
)


def _layers(shape: Shape) -> list[tuple[str, str]]:
    """Pair every learnt layer with its CTranslate2 name."""
    pairs = [("encoder_norm", "encoder/layer_norm"), ("decoder_norm", "decoder/layer_norm")]
    for side, count, layers in (
        ("encoder", shape.encoder, _ENCODER_LAYERS),
        ("decoder", shape.decoder, _DECODER_LAYERS),
    ):
        for number in range(count):
            pairs += [
                (f"{side}.{number}.{ours}", f"{side}/layer_{number}/{theirs}")
                for ours, theirs in layers
            ]
    return pairs


def _find(spec: object, path: str) -> object:
    for part in path.split("/"):
        name, _, number = part.rpartition("_")
        if not hasattr(spec, part) and number.isdigit():
            spec = getattr(spec, name)[int(number)]
        else:
            spec = getattr(spec, part)
    return spec


def write_ctranslate2(
    snapshot: Snapshot, words: Vocabulary, folder: Path, *, quantization: str | None = "int8"
) -> None:
    """Write the model as a CTranslate2 folder: int8, or as it was trained where that is None."""
    shape = snapshot.shape
    # Copies, because quantisation changes what it is given.
    weights = {name: value.float().numpy().copy() for name, value in snapshot.weights.items()}
    spec = transformer_spec.TransformerSpec.from_config(
        (shape.encoder, shape.decoder),
        shape.heads,
        pre_norm=True,
        activation=common_spec.Activation.RELU,
    )
    spec.config.add_source_bos = False
    spec.config.add_source_eos = True
    spec.config.decoder_start_token = "<s>"
    spec.config.bos_token, spec.config.eos_token = "<s>", "</s>"
    spec.config.unk_token = "<unk>"
    table = weights["table"]
    position = positions(MAX_POSITIONS, shape.dim).numpy()
    spec.encoder.embeddings[0].weight = table[snapshot.weights["source_rows"].numpy()]
    spec.decoder.embeddings.weight = table[: shape.target] @ weights["rotation"]
    for side in (spec.encoder, spec.decoder):
        side.scale_embeddings = True
        side.position_encodings.encodings = position.copy()
    spec.decoder.projection.weight = table[: shape.target].copy()
    spec.decoder.projection.bias = weights["bias"]
    for ours, theirs in _layers(shape):
        layer = _find(spec, theirs)
        first, second = ("gamma", "beta") if ours.endswith("norm") else ("weight", "bias")
        setattr(layer, first, weights[ours + ".weight"])
        setattr(layer, second, weights[ours + ".bias"])
    spec.register_source_vocabulary(words.source_pieces)
    spec.register_target_vocabulary(words.target)
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))


def package_name(language: str) -> str:
    """Return the name of the package and of its one folder, as Argos names them."""
    return f"translate-{language}_en-{PACKAGE_VERSION.replace('.', '_')}"


def export(snapshot: Snapshot, run: Path, language: str, package: Path, readme: str) -> None:
    """Write an ``.argosmodel`` that stock argostranslate loads; replace an old one at once.

    Args:
        snapshot: weights.
        run: run folder, for the vocabulary.
        language: source language.
        package: the file to write.
        readme: text of the package's ``README.md``.
    """
    metadata = {
        "package_version": PACKAGE_VERSION,
        "argos_version": ARGOS_VERSION,
        "from_code": language,
        "from_name": LANGUAGE_NAMES[language],
        "to_code": "en",
        "to_name": "English",
        "type": "translate",
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / package_name(language)
        write_ctranslate2(snapshot, Vocabulary.load(run), folder / "model")
        shutil.copy(run / "sentencepiece.model", folder / "sentencepiece.model")
        (folder / "metadata.json").write_text(json.dumps(metadata, indent=1), encoding="utf-8")
        (folder / "README.md").write_text(readme, encoding="utf-8")
        pack(folder, package)


def read_weights(path: Path) -> Snapshot:
    """Return the weights of a snapshot (``.pt``) or of a package, for ``train --init``."""
    return Snapshot.load(path) if path.suffix == ".pt" else read_package(path)


_DTYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}


def read_ctranslate2(path: Path) -> dict[str, NDArray[np.generic]]:
    """Read the variables of a CTranslate2 ``model.bin`` (binary version 6), as they are stored."""
    data = path.read_bytes()
    place = 0

    def take(layout: str) -> int:
        nonlocal place
        (value,) = struct.unpack_from("<" + layout, data, place)
        place += struct.calcsize("<" + layout)
        return int(value)

    def text() -> str:
        nonlocal place
        length = take("H")
        place += length
        return data[place - length : place - 1].decode("ascii")

    take("I")
    text()
    take("I")
    variables: dict[str, NDArray[np.generic]] = {}
    for _ in range(take("I")):
        name = text()
        shape = [take("I") for _ in range(take("B"))]
        dtype = np.dtype(_DTYPES[take("B")])
        size = take("I")
        variables[name] = np.frombuffer(data, dtype, size // dtype.itemsize, place).reshape(shape)
        place += size
    for _ in range(take("I")):
        alias, name = text(), text()
        variables[alias] = variables[name]
    return variables


def read_package(package: Path) -> Snapshot:
    """Return the weights of a package of this project, for ``train --init``.

    Shared rows of the table are recognised: a source piece whose stored row is that of the same
    target piece had no row of its own.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = unpack(package, Path(name)) / "model"
        stored = read_ctranslate2(folder / "model.bin")
        source_pieces = json.loads((folder / "source_vocabulary.json").read_text("utf-8"))
        target_pieces = json.loads((folder / "target_vocabulary.json").read_text("utf-8"))

    def weight(path: str) -> Tensor:
        values = stored[path].astype(np.float32)
        scale = stored.get(path + "_scale")
        if scale is not None:
            values = values / scale.astype(np.float32)[:, None]
        return torch.from_numpy(np.ascontiguousarray(values))

    target = weight("decoder/projection/weight")
    source = weight("encoder/embeddings_0/weight")
    index = {piece: i for i, piece in enumerate(target_pieces)}
    rows = torch.full((len(source_pieces),), -1, dtype=torch.long)
    for i, piece in enumerate(source_pieces):
        mate = index.get(piece)
        if mate is not None and torch.equal(source[i], target[mate]):
            rows[i] = mate
    own = torch.nonzero(rows < 0).squeeze(1)
    rows[own] = len(target_pieces) + torch.arange(len(own))
    target_input = weight("decoder/embeddings/weight")
    counts = {side: _count_layers(stored, side) for side in ("encoder", "decoder")}
    shape = Shape(
        source=len(source_pieces),
        target=len(target_pieces),
        rows=len(target_pieces) + len(own),
        dim=target.shape[1],
        heads=int(stored["encoder/num_heads"]),
        inner=len(stored["encoder/layer_0/ffn/linear_0/weight"]),
        decoder_inner=len(stored["decoder/layer_0/ffn/linear_0/weight"]),
        encoder=counts["encoder"],
        decoder=counts["decoder"],
    )
    weights: Weights = {
        "table": torch.cat([target, source[own]]),
        "rotation": torch.linalg.lstsq(target, target_input).solution,
        "bias": weight("decoder/projection/bias"),
        "source_rows": rows,
    }
    for ours, theirs in _layers(shape):
        first, second = ("gamma", "beta") if ours.endswith("norm") else ("weight", "bias")
        weights[ours + ".weight"] = weight(f"{theirs}/{first}")
        weights[ours + ".bias"] = weight(f"{theirs}/{second}")
    return Snapshot(weights, shape)


def _count_layers(stored: dict[str, NDArray[np.generic]], side: str) -> int:
    return len(
        {
            name.split("/")[1]
            for name in stored
            if name.startswith(f"{side}/layer_") and "/layer_norm/" not in name[: len(side) + 13]
        }
    )
