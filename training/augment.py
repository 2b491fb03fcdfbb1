"""More headlines that must score the same: a typing error, another place of the same kind.

The rubric holds no nation more important than another for the same consequence. Great powers and
their capitals are left out: there, reach and power would change with the name.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from training.dataset import Example

_COUNTRIES = (
    "Albania Algeria Angola Argentina Armenia Austria Bangladesh Belgium Bolivia Botswana Bulgaria Cambodia "
    "Cameroon Chile Colombia Croatia Cuba Cyprus Denmark Ecuador Egypt Estonia Ethiopia Fiji Finland Georgia "
    "Ghana Greece Guatemala Haiti Honduras Hungary Iceland Indonesia Ireland Italy Jamaica Jordan Kazakhstan "
    "Kenya Laos Latvia Lebanon Liberia Lithuania Madagascar Malawi Malaysia Mali Malta Mexico Moldova Mongolia "
    "Morocco Mozambique Myanmar Namibia Nepal Nicaragua Niger Nigeria Norway Oman Panama Paraguay Peru "
    "Philippines Poland Portugal Romania Rwanda Senegal Serbia Slovakia Slovenia Somalia Spain Sudan Sweden "
    "Tanzania Thailand Tunisia Uganda Uruguay Uzbekistan Venezuela Vietnam Yemen Zambia Zimbabwe"
).split()
_PEOPLES = (
    "Albanian Algerian Angolan Argentine Austrian Bangladeshi Belgian Bolivian Bulgarian Cambodian Chilean "
    "Colombian Croatian Cypriot Danish Ecuadorean Egyptian Estonian Ethiopian Finnish Ghanaian Greek Hungarian "
    "Icelandic Indonesian Irish Italian Jamaican Jordanian Kazakh Kenyan Latvian Lebanese Lithuanian Malaysian "
    "Maltese Mexican Moldovan Mongolian Moroccan Nepali Nigerian Norwegian Omani Peruvian Philippine Polish "
    "Portuguese Romanian Rwandan Senegalese Serbian Slovak Slovenian Somali Spanish Sudanese Swedish Swiss "
    "Tanzanian Thai Tunisian Ugandan Uruguayan Venezuelan Vietnamese Yemeni Zambian Zimbabwean"
).split()
_CITIES = (
    "Accra Adelaide Antwerp Auckland Baku Bergen Bilbao Bogota Boston Brisbane Bristol Busan Calgary Cardiff "
    "Casablanca Chennai Chicago Cologne Cork Dakar Dallas Denver Dhaka Dublin Durban Florence Geelong Genoa "
    "Glasgow Gothenburg Graz Guadalajara Halifax Hamburg Hanoi Houston Kampala Karachi Krakow Kyoto Lagos Lahore "
    "Leeds Leipzig Lima Lisbon Ljubljana Lyon Manila Marseille Medellin Melbourne Miami Milan Minsk Mombasa "
    "Montevideo Montreal Mumbai Munich Nagoya Nairobi Naples Norwich Oporto Osaka Oslo Ottawa Palermo Perth "
    "Phoenix Porto Portland Prague Pune Quito Riga Rotterdam Salvador Santiago Seattle Seville Shenyang Sofia "
    "Stuttgart Surabaya Sydney Tallinn Tampere Toronto Tulsa Turin Valencia Vancouver Vilnius Warsaw Wellington "
    "Wuhan Zagreb Zurich"
).split()
_KIND = {place: kind for kind in (_COUNTRIES, _PEOPLES, _CITIES) for place in kind}
_PLACE = re.compile(rf"\b(?:{'|'.join(sorted(_KIND, key=len, reverse=True))})\b")


def siblings(examples: Sequence[Example], copies: int, seed: int) -> list[Example]:
    """``copies`` siblings of every contrast example, in its family and with its score.

    A sibling names another place where the example names one, and has a typing error where it does not.
    """
    random = np.random.default_rng(seed)
    return [replace(one, text=_varied(one.text, random)) for one in examples if one.family for _ in range(copies)]


def _varied(text: str, random: np.random.Generator) -> str:
    if not _PLACE.search(text):
        return _mistyped(text, random)
    return _PLACE.sub(lambda place: str(random.choice(_KIND[place[0]])), text)


def with_typos(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """The examples, ``share`` of them with two neighbouring letters of one longer word swapped."""
    random = np.random.default_rng(seed)
    return [replace(one, text=_mistyped(one.text, random)) if random.random() < share else one for one in examples]


def _mistyped(text: str, random: np.random.Generator) -> str:
    words = [match.span() for match in re.finditer(r"[^\W\d_]{5,}", text)]
    if not words:
        return text
    start, end = words[random.integers(len(words))]
    place = int(random.integers(start + 1, end - 1))
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
