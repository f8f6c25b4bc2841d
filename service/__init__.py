"""Relais: French and Arabic news in English, with every name put back to its right spelling."""

__version__ = "1.0.0"
