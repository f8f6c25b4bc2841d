"""The service's results as plain JSON values: one shape for HTTP, jobs and the command line."""

from __future__ import annotations

import math

from service.names.report import NameReport
from service.pipeline import SentencePair, Translation
from service.text.detect import Detection


def translation_to_json(translation: Translation, *, explain: bool) -> dict[str, object]:
    """A translation as the native interface shows it.

    Args:
        explain: add the sentence pairs and the text before normalisation.
    """
    value: dict[str, object] = {
        "text": translation.text,
        "source": translation.source,
        "target": translation.target,
    }
    if translation.detection is not None:
        value["detected"] = detection_to_json(translation.detection)
    value["names"] = [name_to_json(name) for name in translation.names]
    value["glossary"] = translation.glossary_version
    value["model"] = translation.model
    if explain:
        value["raw_text"] = translation.raw_text
        value["sentences"] = [sentence_to_json(pair) for pair in translation.sentences]
    return value


def detection_to_json(detection: Detection) -> dict[str, object]:
    """A detection with its candidates, confidences between 0 and 1."""
    return {
        "language": detection.language,
        "confidence": round(detection.confidence, 4),
        "candidates": [
            {"language": candidate.language, "confidence": round(candidate.confidence, 4)}
            for candidate in detection.candidates
        ],
    }


def name_to_json(name: NameReport) -> dict[str, object]:
    """One line of the name report; offsets are half-open, into the text before normalisation."""
    return {
        "start": name.start,
        "end": name.end,
        "surface": name.surface,
        "replacement": name.replacement,
        "entry": name.entry,
        "kind": name.kind,
        "score": round(name.score, 4),
        "evidence": [
            {"code": evidence.code, "value": evidence.value} for evidence in name.evidence
        ],
        "applied": name.applied,
    }


def sentence_to_json(pair: SentencePair) -> dict[str, object]:
    """A sentence pair; `confidence` is the geometric mean probability per token, 0 to 1."""
    return {
        "start": pair.start,
        "end": pair.end,
        "target_start": pair.target_start,
        "target_end": pair.target_end,
        "source": pair.source,
        "translation": pair.translation,
        "confidence": round(math.exp(min(0.0, pair.score)), 4),
        "flags": list(pair.flags),
    }
