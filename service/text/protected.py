"""Stretches of a text that must come through a translation letter by letter.

URLs, e-mail addresses, @handles, #tags, emoji, HTML entities, placeholders, code in backquotes.
Used by segmentation, which does not cut inside them, and by the engine, which carries them over.
"""

from __future__ import annotations

import re
from typing import Final

# Symbols that are drawn as pictures, with what joins and colours them. No letters, digits or
# punctuation; ©, ® and ™ are left to the text.
EMOJI: Final = (
    "(?:[\U0001f1e6-\U0001f1ff]{2}"
    "|(?:[\U0001f300-\U0001faff\u2600-\u27bf\u2b05-\u2b55\u231a-\u23ff\u2190-\u21ff]"
    "|[0-9#*]\ufe0f?\u20e3)"
    "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*"
    "(?:\u200d[\U0001f300-\U0001faff\u2600-\u27bf][\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*)*)"
)
_URL: Final = r"(?:[a-z][a-z0-9+.\-]{1,10}://|www\.)[^\s<>«»“”\"؟،؛]*[^\s<>«»“”\"؟،؛.,;:!?'’)\]}…]"
_EMAIL: Final = r"[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}"
_DOMAIN: Final = (
    r"(?<![\w.@\-])(?:[a-z0-9][a-z0-9\-]{0,62}\.){1,4}"
    r"(?-i:com|org|net|info|fr|tn|ma|dz|lb|eu|io|co\.uk|be|ch|ca|tv)(?![\w.\-]*\w)"
    r"(?:/[^\s<>«»]*\w/?)?"
)
_HANDLE: Final = r"(?<![\w@])@\w[\w.\-]{0,62}\w(?:@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8})?"
_TAG: Final = r"(?<![\w&#])#(?=\w*[^\W\d_])\w{1,140}"
_ENTITY: Final = r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
_PLACEHOLDER: Final = (
    r"\{\{[^{}\n]{1,80}\}\}|\$?\{ ?[\w.:!,\[\]|\-]{0,60} ?\}"
    r"|%\([^()\n]{1,40}\)[a-z]|%(?:\d\$)?[sd](?!\w)"
    r"|<[/!]?[A-Za-z][^<>\n]{0,300}>"
)
_CODE: Final = r"`[^`\n]{1,200}`"
# Keys, hashes, encoded data: no word is so long.
_LONG: Final = r"[0-9A-Za-z+/=_\-]{45,}"
_SNAKE: Final = r"(?<!\w)\w{1,60}_\w{1,60}(?!\w)"

PROTECTED: Final = re.compile(
    "|".join(
        (_URL, _EMAIL, _DOMAIN, _HANDLE, _TAG, _ENTITY, _PLACEHOLDER, _CODE, _SNAKE, _LONG, EMOJI)
    ),
    re.IGNORECASE,
)
