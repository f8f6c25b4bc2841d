"""How the built-in translation packages are made, from parallel text to ``.argosmodel``.

Use it through the command line, ``python -m training STEP`` (see ``training/README.md``). Nothing
here is imported by the service: the service needs no PyTorch.
"""

from pathlib import Path

HERE = Path(__file__).resolve().parent
