"""One spelling for each quantity and for names that lose their meaning in lower case; and quantities as words."""

import math
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


_QUANTITY = re.compile(
    r"(?<![\w.,/:'-])(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?P<part>\.\d+)?(?![\d/:]|[,.-]\d)"
    r"(?:[ -](?P<scale>hundred|thousand|million|billion|trillion)\b)?(?!\w)",
    re.IGNORECASE,
)
_FACTORS = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_YEARS = range(1900, 2101)
COUNTED = 20
STEPS = 12
"""Quantities up to COUNTED have a word each; above, STEPS words share a power of ten, 21 % apart."""
_LARGEST = 160  # 10 ** (160 / 12): twenty trillion, and what is more


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


def in_words(text: str) -> str:
    """Each quantity of a normalised title as one word: "kills 12" -> "kills qq12", "$4.2 billion" -> "$qx115".

    A reader of word pieces sees nothing of size in the digits of "4,000"; so it reads 43 steps of a logarithmic
    scale. Years, scores of games, versions and fractions stay as they are.
    """
    return _QUANTITY.sub(_quantity_word, text) if _DIGIT.search(text) else text


def quantity_words() -> list[str]:
    """All words that ``in_words`` can write, smallest first."""
    first = math.floor(STEPS * math.log10(COUNTED)) + 1
    return [f"qq{count}" for count in range(COUNTED + 1)] + [f"qx{step}" for step in range(first, _LARGEST + 1)]


def _quantity_word(match: re.Match[str]) -> str:
    whole, part, scale = match["whole"], match["part"], match["scale"]
    if not part and not scale and whole.isdecimal() and int(whole[:5]) in _YEARS:
        return match[0]
    value = float(whole.replace(",", "") + (part or "")) * (_FACTORS[scale.lower()] if scale else 1)
    if value <= COUNTED:
        return f"qq{round(value)}"
    return f"qx{round(min(_LARGEST, STEPS * math.log10(value)))}"
