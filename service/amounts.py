"""One spelling for each quantity and for names that lose their meaning in lower case."""

import re

_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES = {"hundred": 100, "thousand": 1000}
_DIGITS = "|".join(list(_SMALL)[1:10])
_WORDS = re.compile(
    r"\b(?=[aefnostz])"  # most words begin otherwise and are passed over at once
    rf"(?:(?P<tens>{'|'.join(_TENS)})(?:[- ](?P<unit>{_DIGITS}))?|(?P<small>{'|'.join(_SMALL)})|(?P<dozen>a dozen))"
    rf"(?:[- ](?P<scale>{'|'.join(_SCALES)}))?\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"(?:US|U\.S\.)?(?P<sign>[$£€])\s?(?P<amount>\d[\d.,]*)\s?(?P<scale>mn|m|bn|b|tn|k)\b", re.IGNORECASE
)
_MONEY_SCALES = {"m": "million", "mn": "million", "b": "billion", "bn": "billion", "tn": "trillion", "k": "thousand"}
_PERCENT = re.compile(r"(?<=\d)\s?(?:per\s?cent|pct|pc)\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_LONG = re.compile(r"(?<![\d.,+-])[1-9]\d{4,11}(?![\d,]|\.\d)")
_NAMES = {
    r"U\.S\.A?\.?|USA?": "United States",
    r"U\.N\.|UN": "United Nations",
    r"U\.K\.": "UK",
    r"E\.U\.": "EU",
    r"WHO": "World Health Organization",
    r"ICE": "Immigration and Customs Enforcement",
    r"Fed(?! [Uu]p)": "Federal Reserve",
}
_NAMED = re.compile(
    rf"(?=[EFIUW])(?<![\w.])(?:{'|'.join(rf'(?P<n{number}>{name})' for number, name in enumerate(_NAMES))})(?!\w)"
)


def spell(text: str) -> str:
    """Number words as digits, "$20m" as "$20 million", "8 per cent" as "8%", "30000" as "30,000", "US" written out."""
    text = _WORDS.sub(_digits, text)
    if _DIGIT.search(text):
        text = _MONEY.sub(lambda m: f"{m['sign']}{m['amount']} {_MONEY_SCALES[m['scale'].lower()]}", text)
        text = _PERCENT.sub("%", text)
        text = _LONG.sub(lambda number: f"{int(number[0]):,}", text)
    # The encoder reads lower case, where the country is a pronoun, the agency frozen water and the
    # central bank well nourished. In a title of capitals there is no telling them apart.
    return text if text.isupper() else _NAMED.sub(_full_name, text)


def _digits(match: re.Match[str]) -> str:
    scale = _SCALES[match["scale"].lower()] if match["scale"] else 1
    if match["dozen"]:
        value = 12
    elif match["tens"]:
        value = _TENS[match["tens"].lower()] + _SMALL[(match["unit"] or "zero").lower()]
    else:
        value = _SMALL[match["small"].lower()]
    if value == 1 and scale == 1:  # "one" is more often a pronoun than a count
        return match[0]
    return f"{value * scale:,}"


def _full_name(match: re.Match[str]) -> str:
    return list(_NAMES.values())[int((match.lastgroup or "n0")[1:])]
