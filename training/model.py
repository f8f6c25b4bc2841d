"""The translation model: a pre-norm Transformer whose decoder starts as a dictionary.

Deep encoder, shallow decoder (Kasai et al. 2021), in the exact shape that CTranslate2 runs. What is
not usual: one embedding table serves the source, the target and, through a learnt rotation, the
decoder's input; cross-attention heads named in ``Shape`` are trained towards a word alignment; and
``start_as_dictionary`` sets these heads so that, before the first update, the model already
proposes the translations of the word that it attends to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.vocabulary import PAD

MAX_POSITIONS = 512
#: Heads of the last decoder layer that look at the source of the next piece.
NEXT_HEADS = 2
#: Target pieces (the commonest come first) that are in every sampled softmax.
ALWAYS = 1_500
#: Heads of the first decoder layer that look at the source of the piece just written.
LAST_HEADS = 1


@dataclass(frozen=True)
class Shape:
    """Sizes of a model.

    Args:
        source: number of source pieces.
        target: number of target pieces.
        rows: rows of the shared embedding table (target pieces first).
        dim: width.
        heads: attention heads.
        inner: width of the encoder's feed-forward layers.
        decoder_inner: width of the decoder's feed-forward layers.
        encoder: number of encoder layers.
        decoder: number of decoder layers.
    """

    source: int
    target: int
    rows: int
    dim: int = 256
    heads: int = 4
    inner: int = 1024
    decoder_inner: int = 1024
    encoder: int = 4
    decoder: int = 2


def positions(count: int, dim: int) -> Tensor:
    """Return CTranslate2's position table: sines in the first half, cosines in the second."""
    step = math.log(10_000) / (dim // 2 - 1)
    rates = torch.exp(torch.arange(dim // 2).float() * -step)
    angles = torch.arange(count).float()[:, None] * rates[None]
    return torch.cat([angles.sin(), angles.cos()], 1)


class Attention(nn.Module):
    """Pre-norm attention with its residual connection; self-attention, or cross if ``cross``."""

    def __init__(self, dim: int, heads: int, cross: bool = False) -> None:
        super().__init__()
        self.heads, self.cross = heads, cross
        self.norm = nn.LayerNorm(dim)
        if cross:
            self.query = nn.Linear(dim, dim)
            self.key_value = nn.Linear(dim, 2 * dim)
        else:
            self.query_key_value = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor, bias: Tensor | None, memory: Tensor | None = None) -> Tensor:
        """Return ``x`` plus what was attended to.

        Args:
            x: batch × length × dim.
            bias: added to the scores (batch × 1 × 1 or length × keys), or None.
            memory: encoder output for cross-attention.
        """
        y = self.norm(x)
        if memory is None:
            query, key, value = self.query_key_value(y).chunk(3, -1)
        else:
            query = self.query(y)
            key, value = self.key_value(memory).chunk(2, -1)
        mixed = functional.scaled_dot_product_attention(
            self._split(query), self._split(key), self._split(value), attn_mask=bias
        )
        return x + self.out(mixed.transpose(1, 2).reshape(x.shape))

    def guided(
        self, x: Tensor, bias: Tensor, memory: Tensor, guided_heads: int
    ) -> tuple[Tensor, Tensor]:
        """Like ``forward``, and return the log attention of the first ``guided_heads`` heads."""
        query = self._split(self.query(self.norm(x)))
        key, value = map(self._split, self.key_value(memory).chunk(2, -1))
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1]) + bias
        attention = scores.softmax(-1)
        mixed = (attention @ value).transpose(1, 2).reshape(x.shape)
        return x + self.out(mixed), scores[:, :guided_heads].log_softmax(-1)


class FeedForward(nn.Module):
    """Pre-norm feed-forward layer with its residual connection."""

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.up = nn.Linear(dim, inner)
        self.down = nn.Linear(inner, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` plus the layer's output."""
        return x + self.down(functional.relu(self.up(self.norm(x))))


class Translator(nn.Module):
    """The whole model; ``loss`` is what training calls."""

    source_rows: Tensor
    position: Tensor

    def __init__(self, shape: Shape, source_rows: Tensor, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape, self.dropout = shape, dropout
        dim = shape.dim
        self.table = nn.Parameter(torch.randn(shape.rows, dim) * dim**-0.5)
        self.rotation = nn.Parameter(torch.linalg.qr(torch.randn(dim, dim))[0])
        self.bias = nn.Parameter(torch.zeros(shape.target))
        self.register_buffer("source_rows", source_rows)
        self.register_buffer("position", positions(MAX_POSITIONS, dim), persistent=False)
        self.encoder = nn.ModuleList(
            nn.ModuleList([Attention(dim, shape.heads), FeedForward(dim, shape.inner)])
            for _ in range(shape.encoder)
        )
        self.encoder_norm = nn.LayerNorm(dim)
        self.decoder = nn.ModuleList(
            nn.ModuleList(
                [
                    Attention(dim, shape.heads),
                    Attention(dim, shape.heads, cross=True),
                    FeedForward(dim, shape.decoder_inner),
                ]
            )
            for _ in range(shape.decoder)
        )
        self.decoder_norm = nn.LayerNorm(dim)
        self._start()

    def _start(self) -> None:
        depth = 2 * max(self.shape.encoder, self.shape.decoder)
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
                if name.endswith(("out", "down")):
                    with torch.no_grad():
                        module.weight.mul_(depth**-0.5)

    @torch.no_grad()
    def start_as_dictionary(
        self, table: NDArray[np.float32], bias: NDArray[np.float32], gain: float = 2.0
    ) -> None:
        """Set the embeddings and make the guided heads pass on what they attend to.

        Args:
            table: rows of ``training.alignment.start_embeddings``.
            bias: log frequency of each target piece.
            gain: size of what a guided head adds to the residual stream, in standard deviations.
        """
        dim, size = self.shape.dim, self.shape.dim // self.shape.heads
        self.table.copy_(torch.from_numpy(table))
        self.bias.copy_(torch.from_numpy(bias))
        last = self.decoder[-1][1]
        for head in range(NEXT_HEADS):
            part = slice(head * size, (head + 1) * size)
            value = last.key_value.weight[dim:]
            value[part] = 0
            value[part, part] = torch.eye(size)
            last.out.weight[:, part] = 0
            last.out.weight[part, part] = gain * torch.eye(size)
        first = self.decoder[0][1]
        for head in range(LAST_HEADS):
            part = slice(head * size, (head + 1) * size)
            first.query.weight[part] = 1.2 * self.rotation.T[part]
            first.key_value.weight[part] = 0
            first.key_value.weight[part, part] = 1.2 * torch.eye(size)

    def _drop(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training) if self.dropout else x

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Return the encoder's output and the bias that hides padding."""
        bias = torch.zeros(source.shape, device=source.device)
        bias = bias.masked_fill(source == PAD, -1e9)[:, None, None, :]
        x = functional.embedding(self.source_rows[source], self.table) * math.sqrt(self.shape.dim)
        x = self._drop(x + self.position[: source.shape[1]])
        for attention, forward in self.encoder:
            x = self._drop(forward(attention(x, bias)))
        return self.encoder_norm(x), bias

    def decode(self, target: Tensor, memory: Tensor, bias: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return decoder states and log attention of the guided heads (first layer, last layer)."""
        x = functional.embedding(target, self.table) @ self.rotation * math.sqrt(self.shape.dim)
        x = self._drop(x + self.position[: target.shape[1]])
        length = target.shape[1]
        later = torch.full((length, length), -1e9, device=x.device).triu(1)
        guided: list[Tensor] = []
        for number, (own, cross, forward) in enumerate(self.decoder):
            x = own(x, later)
            if number == len(self.decoder) - 1:
                x, attention = cross.guided(x, bias, memory, NEXT_HEADS)
                guided.append(attention)
            elif number == 0:
                x, attention = cross.guided(x, bias, memory, LAST_HEADS)
                guided.append(attention)
            else:
                x = cross(x, bias, memory)
            x = self._drop(forward(x))
        return self.decoder_norm(x), guided

    def loss(
        self,
        source: Tensor,
        target_in: Tensor,
        target_out: Tensor,
        alignment: Tensor | None,
        smoothing: float,
        negatives: int = 0,
    ) -> tuple[Tensor, Tensor, int]:
        """Return summed cross-entropy, mean guided-alignment loss, number of target pieces.

        Args:
            source: ids with end mark, padded.
            target_in: start mark and target ids.
            target_out: target ids and end mark.
            alignment: batch × target × source, each row a distribution or all zero; None for no
                guidance.
            smoothing: label smoothing.
            negatives: if not 0, the softmax is estimated from the pieces of the batch, the
                ``ALWAYS`` commonest pieces and so many others drawn at random (Jean et al. 2015).
        """
        memory, bias = self.encode(source)
        states, guided = self.decode(target_in, memory, bias)
        keep = target_out != PAD
        wanted = target_out[keep]
        if negatives and self.shape.target > 2 * (ALWAYS + negatives):
            rows, correction, wanted = self._candidates(wanted, negatives)
            logits = functional.linear(states[keep], self.table[rows], self.bias[rows] + correction)
        else:
            logits = functional.linear(states[keep], self.table[: self.shape.target], self.bias)
        loss = functional.cross_entropy(logits, wanted, label_smoothing=smoothing, reduction="sum")
        count = len(wanted)
        if alignment is None:
            return loss, logits.new_zeros(()), count
        last = functional.pad(alignment, (0, 0, 1, 0))[:, :-1]
        guides = [last, alignment] if len(guided) == 2 else [alignment]
        terms = [
            -(guide[:, None] * attention).sum() / guide.sum().clamp(min=1) / attention.shape[1]
            for guide, attention in zip(guides, guided, strict=True)
        ]
        return loss, torch.stack(terms).mean(), count

    def _candidates(self, wanted: Tensor, negatives: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return candidate ids, what to add to their logits, and ``wanted`` as positions in them.

        A piece drawn at random stands for all that were not drawn, hence log(rest / drawn).
        """
        sure = torch.zeros(self.shape.target, dtype=torch.bool, device=wanted.device)
        sure[:ALWAYS] = True
        sure[wanted] = True
        rest = torch.nonzero(~sure).squeeze(1)
        drawn = rest[torch.randperm(len(rest), device=rest.device)[:negatives]]
        known = torch.nonzero(sure).squeeze(1)
        rows = torch.cat([known, drawn])
        correction = torch.zeros(len(rows), device=rows.device)
        correction[len(known) :] = math.log(len(rest) / max(1, len(drawn)))
        place = torch.zeros(self.shape.target, dtype=torch.long, device=rows.device)
        place[rows] = torch.arange(len(rows), device=rows.device)
        return rows, correction, place[wanted]

    @torch.no_grad()
    def greedy(self, source: Tensor, limit: int, start: int, end: int) -> list[list[int]]:
        """Translate greedily (slow: for checking the export)."""
        memory, bias = self.encode(source)
        target = torch.full((source.shape[0], 1), start, device=source.device)
        done = torch.zeros(source.shape[0], dtype=torch.bool, device=source.device)
        for _ in range(limit):
            states, _ = self.decode(target, memory, bias)
            logits = functional.linear(states[:, -1], self.table[: self.shape.target], self.bias)
            following = logits.argmax(-1)
            target = torch.cat([target, following[:, None]], 1)
            done |= following == end
            if bool(done.all()):
                break
        rows = [row[1:].tolist() for row in target]
        return [row[: row.index(end)] if end in row else row for row in rows]
