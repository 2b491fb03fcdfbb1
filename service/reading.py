"""What the network reads of a title: lower case, quantities as words, marks that say little left out."""

import re
import unicodedata

from service.amounts import in_words
from service.text import normalise

_LEFT_OUT = str.maketrans({**dict.fromkeys("'\",.()", None), **dict.fromkeys("-…", " ")})
_MARK = re.compile(r"[^\w\s]|_")
NOTHING = "?"
"""What is read where there is nothing to read."""


def reading(title: str) -> str:
    """Words and marks with spaces between them; never empty.

    Quotes, commas and the like hardly move a score and would cost a token each: of 18 tokens a title with BERT's
    vocabulary 13 remain, and time goes down with them.
    """
    text = in_words(normalise(title)).replace("'s ", " ").translate(_LEFT_OUT).lower()
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    text = _MARK.sub(r" \g<0> ", text)
    return text if text and not text.isspace() else NOTHING
