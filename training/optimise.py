"""Step 3, ``train``: run the optimiser until the time is up, keep snapshots, resume after a stop.

All schedules follow the share of the time that is gone, so that a run fits the hours there are.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.batches import NEWS_FROM, Batch, Examples
from training.export import Snapshot
from training.model import Shape, Translator
from training.vocabulary import Vocabulary, latin_ids

log = logging.getLogger(__name__)

#: Weights averaged every so many updates.
EMA_EVERY = 10


@dataclass(frozen=True)
class TrainSettings:
    """How a run is trained.

    Args:
        minutes: length of the whole run; a resumed run goes on within it.
        rate: highest learning rate of the weight matrices.
        table_rate: learning rate of the embedding table, relative to ``rate``.
        warm_up: updates over which the rate rises.
        decay: last share of the time, over which the rate falls to a fiftieth.
        max_tokens: ids in a batch.
        guide: weight of the guided-alignment loss at the start.
        guide_end: the same from half of the time on.
        smoothing: label smoothing.
        negatives: pieces drawn at random for the sampled softmax (0: always the full one).
        full_from: share of the time from which the softmax is full.
        dropout: share of the residual stream that is dropped, from ``dropout_from`` on.
        dropout_from: share of the time that goes by without it.
        weight_decay: of AdamW.
        ema: decay of the moving average, per ``EMA_EVERY`` updates.
        snapshot_minutes: time between snapshots.
        curriculum: 1 for short sentences first and news last, 0 for all examples at any time.
        short_first: 0 for a curriculum without its first part (for a model that goes on).
        news_from: share of the time after which a curriculum shows mostly news.
        names: 1 to train mostly on examples with Latin words in the source (for Arabic).
        dim, inner, decoder_inner, encoder, decoder, heads: see ``training.model.Shape``.
        seed: of the weights and of the order.
    """

    minutes: float
    rate: float = 2e-3
    table_rate: float = 0.5
    warm_up: int = 150
    decay: float = 0.25
    max_tokens: int = 2_500
    guide: float = 0.5
    guide_end: float = 0.1
    smoothing: float = 0.05
    negatives: int = 700
    full_from: float = 0.65
    dropout: float = 0.0
    dropout_from: float = 0.4
    weight_decay: float = 0.0
    ema: float = 0.98
    snapshot_minutes: float = 8
    curriculum: int = 1
    short_first: int = 1
    news_from: float = NEWS_FROM
    names: int = 0
    dim: int = 256
    inner: int = 1024
    decoder_inner: int = 1024
    encoder: int = 4
    decoder: int = 2
    heads: int = 4
    seed: int = 1


def rate_at(settings: TrainSettings, step: int, progress: float) -> float:
    """Return the learning rate: warm-up, constant, linear fall."""
    rise = min(1.0, (step + 1) / settings.warm_up)
    fall = min(1.0, max(0.02, (1 - progress) / settings.decay))
    return settings.rate * rise * fall


def guide_at(settings: TrainSettings, progress: float) -> float:
    """Return the weight of the guided-alignment loss."""
    share = min(1.0, progress * 2)
    return settings.guide + (settings.guide_end - settings.guide) * share


def build(settings: TrainSettings, run: Path) -> Translator:
    """Make the model of a run, started as a dictionary from ``embeddings.npz``."""
    torch.manual_seed(settings.seed)
    words = Vocabulary.load(run)
    with np.load(run / "embeddings.npz") as start:
        table, rows, bias = start["table"], start["source_rows"], start["bias"]
    shape = Shape(
        source=len(rows),
        target=len(words.target),
        rows=len(table),
        dim=settings.dim,
        heads=settings.heads,
        inner=settings.inner,
        decoder_inner=settings.decoder_inner,
        encoder=settings.encoder,
        decoder=settings.decoder,
    )
    model = Translator(shape, torch.from_numpy(rows))
    model.start_as_dictionary(table, bias)
    return model


def optimiser_for(model: Translator, settings: TrainSettings) -> torch.optim.AdamW:
    """Return Adam (0.9, 0.98) with a lower rate for the embedding table."""
    others = [weight for name, weight in model.named_parameters() if name != "table"]
    return torch.optim.AdamW(
        [
            {"params": others, "scale": 1.0},
            {"params": [model.table], "scale": settings.table_rate, "weight_decay": 0.0},
        ],
        lr=settings.rate,
        betas=(0.9, 0.98),
        eps=1e-9,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def minutes_until(deadline: str, folder: Path) -> float:
    """Return the minutes of a run that ends at ``deadline`` (HH:MM, UTC), with those spent."""
    now = datetime.now(UTC)
    hour, minute = map(int, deadline.split(":"))
    end = now.replace(hour=hour, minute=minute, second=0)
    if end < now:
        end += timedelta(days=1)
    spent = 0.0
    if (folder / "checkpoint.pt").exists():
        spent = torch.load(folder / "checkpoint.pt", weights_only=True)["seconds"]
    return ((end - now).total_seconds() + spent) / 60


class Run:
    """A training run in its folder.

    Args:
        folder: holds ``examples.npz``, ``embeddings.npz`` and the vocabulary; receives
            ``checkpoint.pt``, ``snapshot-NNN.pt`` and ``train.json``.
        settings: how to train.
        init: weights to start from instead of the dictionary start (a package read back).
    """

    def __init__(self, folder: Path, settings: TrainSettings, init: Snapshot | None = None) -> None:
        self.folder, self.settings = folder, settings
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        model = build(settings, folder) if init is None else init.model()
        self.model = model.to(self.device)
        self.optimiser = optimiser_for(self.model, settings)
        self.step = 0
        self.seconds = 0.0
        self.tokens = 0
        self.snapshots = 0
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        checkpoint = folder / "checkpoint.pt"
        if checkpoint.exists():
            self._resume(torch.load(checkpoint, map_location=self.device, weights_only=True))
        self.examples = Examples(
            folder / "examples.npz",
            settings.max_tokens,
            settings.seed + self.step,
            bool(settings.curriculum),
            np.asarray(latin_ids(Vocabulary.load(folder))) if settings.names else None,
            bool(settings.short_first),
            settings.news_from,
        )

    def _resume(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average = state["average"]
        self.step, self.seconds = state["step"], state["seconds"]
        self.tokens, self.snapshots = state["tokens"], state["snapshots"]
        log.info("resumed at update %d, %.0f s", self.step, self.seconds)

    def save(self) -> None:
        """Write the checkpoint, a snapshot of the averaged weights, and the record."""
        self.snapshots += 1
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average,
            "step": self.step,
            "seconds": self.seconds,
            "tokens": self.tokens,
            "snapshots": self.snapshots,
        }
        _write(state, self.folder / "checkpoint.pt")
        shape = dataclasses.asdict(self.model.shape)
        snapshot = {"weights": self.average, "shape": shape}
        _write(snapshot, self.folder / f"snapshot-{self.snapshots:03d}.pt")
        record = {
            "settings": dataclasses.asdict(self.settings),
            "shape": shape,
            "parameters": sum(weight.numel() for weight in self.model.parameters()),
            "updates": self.step,
            "tokens": self.tokens,
            "seconds": round(self.seconds),
            "device": self.device,
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
        (self.folder / "train.json").write_text(json.dumps(record, indent=1), encoding="utf-8")

    def train(self) -> None:
        """Train until the minutes are up, or until SIGTERM asks to save and stop."""
        stopped: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
        budget = self.settings.minutes * 60
        before = self.seconds
        began = time.monotonic()

        def progress() -> float:
            return (before + time.monotonic() - began) / budget

        last_snapshot = last_log = time.monotonic()
        losses: list[tuple[float, float, int]] = []
        logged_tokens = self.tokens
        self.model.train()
        for batch in self.examples.batches(progress):
            now = progress()
            if now >= 1 or stopped:
                break
            late = now >= self.settings.dropout_from
            self.model.dropout = self.settings.dropout if late else 0.0
            losses.append(self._update(batch, now))
            self.seconds = before + time.monotonic() - began
            if self.step % EMA_EVERY == 0:
                self._average()
            if self.step % 50 == 0:
                spent = time.monotonic() - last_log
                count = sum(n for _, _, n in losses)
                log.info(
                    "update %d progress %.3f loss %.3f guide %.3f tokens/s %.0f",
                    self.step,
                    now,
                    sum(loss for loss, _, _ in losses) / count,
                    sum(guide for _, guide, _ in losses) / len(losses),
                    (self.tokens - logged_tokens) / spent,
                )
                losses, logged_tokens, last_log = [], self.tokens, time.monotonic()
            if time.monotonic() - last_snapshot > self.settings.snapshot_minutes * 60:
                self.save()
                last_snapshot = time.monotonic()
        self.save()

    def _update(self, batch: Batch, progress: float) -> tuple[float, float, int]:
        settings = self.settings
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(settings, self.step, progress) * group["scale"]
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device == "cuda"):
            loss, guide, count = self.model.loss(
                batch.source.to(self.device),
                batch.target_in.to(self.device),
                batch.target_out.to(self.device),
                batch.alignment.to(self.device),
                settings.smoothing,
                settings.negatives if progress < settings.full_from else 0,
            )
        (loss / count + guide_at(settings, progress) * guide).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += batch.tokens
        return float(loss.detach()), float(guide.detach()), count

    @torch.no_grad()
    def _average(self) -> None:
        """Move the average towards the weights; faster at first."""
        decay = min(self.settings.ema, (1 + self.step / EMA_EVERY) / (10 + self.step / EMA_EVERY))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - decay)


def _write(state: dict[str, Any], path: Path) -> None:
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)
