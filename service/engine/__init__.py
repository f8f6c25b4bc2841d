"""Translation: Argos packages run by CTranslate2, sentences of all callers in shared batches."""

from service.engine.engine import Engine, Stats
from service.engine.packages import Package
from service.engine.translator import FLAGS, Hypothesis

__all__ = ["FLAGS", "Engine", "Hypothesis", "Package", "Stats"]
