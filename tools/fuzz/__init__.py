"""Coverage-guided fuzzing of what reads hostile text: `make fuzz`, or `python -m tools.fuzz`."""
