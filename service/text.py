"""Headline text and addresses: the one definition of "the same headline".

``clean`` is what people see, ``normalise`` is what the model reads, ``headline_id`` is what the store
and the published labels call a headline. All are pure and idempotent; ``clean`` and ``normalise``
accept any ``str``.
"""

import hashlib
import html
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from urllib.parse import unquote_plus, urlsplit, urlunsplit

from service.amounts import spell
from service.errors import InputError

MAX_TITLE_CHARS = 300
MAX_URL_CHARS = 2048
MAX_SOURCE_CHARS = 100
MAX_RAW_CHARS = 20 * MAX_TITLE_CHARS  # "&amp;amp;amp;..." peels one layer a pass: 12,000 characters took 10 s

# Joiners carry meaning in Persian, Indic scripts and emoji; the other format characters (bidi
# overrides, zero-width spaces, soft hyphens, byte order marks) only deceive or break a line.
_JOINERS = "\u200c\u200d"
_UNSEEN = {"Cc", "Cf", "Cs", "Co"}
_PICTURES = {"So", "Sk"}
_SYMBOLS = "★☆°^"  # a review's stars and degrees mean something; emoji are decoration
_DRESSING = "\ufe0e\ufe0f\u20e3"  # picture-or-text selectors and the keycap: they only dress the sign before them
_LOOSE_JOINER = re.compile(r"(?<!\S)[\u200c\u200d]+|[\u200c\u200d]+(?!\S)")  # what "👩\u200d💻" leaves behind
_SPACES = re.compile(r"\s+")
_QUOTES = str.maketrans(
    {**dict.fromkeys("‘’‚‛′ʼ`´", "'"), **dict.fromkeys("“”„‟″«»", '"'), **dict.fromkeys("‐‑‒", "-")}
)
_TRAILING = " .:|·–—-"
# "'We are not afraid'": the marks say only that somebody said so, and moved a score by up to 14 points.
_QUOTED = re.compile(r"""^(?:"([^"]+)"|'((?:[^']|(?<=\w)'(?=\w))+)')$""")
_HASHTAG = re.compile(r"#(?=[^\W\d])")

# Urgency and section names only. Markers of form ("Watch:", "Opinion:", "In pictures:") tell what kind of text follows
# and move the rated score, so the model keeps them; benchmarks/prefixes.py measures both.
_URGENT = re.compile(
    r"^(?:breaking(?: news)?|just in|urgent|alert|news alert|developing|happening now|update(?: \d+)?)"
    r"(?:\s*[:|!]+\s*|\s+[-–—]\s+)",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"^(?:(?:world|uk|us|local|business|sports?) news|news|world|politics|business|economy|economics|money|markets|"
    r"finance|weather|sports?|health|science|tech|technology|environment|climate|arts?|culture|entertainment|showbiz|lifestyle|"
    r"travel|food|dining|education|crime)(?:\s*:|\s*\|)\s+",
    re.IGNORECASE,
)
_SEPARATED = re.compile(r"\s[-–—|·:]\s")
_TAIL_CHARS = 50  # a source of up to 41, its separator and the space around
_TAIL = re.compile(r"^(.*\w\W*\s.*\S)\s+[-–—|·:]\s+(\S[^|]{1,40})$", re.DOTALL)
_CREDIT = re.compile(r"^(.*\S)\s+\(([^()]{2,30})\)$", re.DOTALL)
_DOMAIN = re.compile(r"^(?:[a-z0-9-]+\.)+(?:com|org|net|uk|ca|au|in|ie|nz|za|de|fr|eu|us|tv|news|info)$", re.IGNORECASE)
_PUBLISHER = re.compile(
    r"^(?:[A-Z][\w.'&-]*\s+|the\s+|of\s+|and\s+|&\s+){0,4}"
    r"(?:News|Times|Post|Herald|Tribune|Journal|Gazette|Chronicle|Guardian|Telegraph|Observer|Courier|"
    r"Examiner|Inquirer|Magazine|Mirror|Monitor|Press|Standard|Broadcasting|Globe|Mail)"
    r"(?:\s+(?:Canada|UK|India|Online|Network|Radio|Sports?|Asia|World|Africa|Australia))?$"
)

_TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "hsa_", "at_", "ns_")
_TRACKING = frozenset(
    (
        "fbclid gclid dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh mc_cid mc_eid mkt_tok "
        "oly_anon_id oly_enc_id vero_id ref ref_src ref_url cmpid cmp cid ncid ocid icid smid smtyp "
        "partner guccounter guce_referrer guce_referrer_sig xtor sref srnd spm ftag feedname feedtype source_feed"
    ).split()
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORBIDDEN = frozenset("\\@ ")


def clean(title: str) -> str:
    """The title as people see it: NFC, entities decoded, one line, no control or bidi characters.

    Of a title that needs any of this, only the first 6,000 characters are read.
    """
    if title.isascii() and title.isprintable() and "&" not in title:
        return " ".join(title.split())
    return _settle(_clean_once, title)


def normalise(title: str) -> str:
    """The title as the model reads it: straight quotes, no source tail, no urgency marker, no emoji.

    Empty only where ``clean`` is empty.
    """
    cleaned = clean(title)
    return _settle(_normalise_once, cleaned) or cleaned


def title_problem(title: str) -> str | None:
    """Why a cleaned title cannot be scored, in words for its author; None when it can."""
    if not any(map(str.isalnum, title)):
        return "title is empty: it needs at least one letter or digit"
    if len(title) > MAX_TITLE_CHARS:
        return f"title is too long: {len(title)} characters, at most {MAX_TITLE_CHARS}"
    return None


def headline_id(title: str, url: str | None = None) -> str:
    """16 hex digits that name a headline for ever.

    With a canonical ``url`` the headline is the article at that address, however its title is edited.
    Without one it is its words: SHA-256 of the lower-cased title with each run of other characters
    than a-z and 0-9 made one space, which is also the id in ``data/labels/rated.csv.gz``.
    """
    if url:
        return _digest(url)
    words = re.sub(r"[^a-z0-9]+", " ", title.lower()).strip()
    return _digest(words or clean(title).casefold())


def canonical_url(url: str) -> str:
    """The address without fragment, tracking parameters, default port or upper-case host.

    Raises InputError unless it is http or https with a host and without credentials: anything else
    ("javascript:", "data:") could run in the page that shows the list.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise InputError(f"url is not valid: {exc}") from exc
    if parts.scheme not in _DEFAULT_PORTS:
        raise InputError("url must start with http:// or https://")
    if not parts.hostname or not _FORBIDDEN.isdisjoint(parts.netloc) or not url.isprintable():
        raise InputError("url needs a plain host name, without user name, spaces or control characters")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    path, query = parts.path or "/", _without_tracking(parts.query)
    canonical = urlunsplit((parts.scheme, netloc, path, query, "")).replace(" ", "%20")
    if len(canonical) > MAX_URL_CHARS:
        raise InputError(f"url is too long: {len(canonical)} characters, at most {MAX_URL_CHARS}")
    return canonical


def _settle(step: Callable[[str], str], text: str) -> str:
    """Repeat ``step`` until nothing changes: undoing one layer can uncover another ("&am\u200bp;")."""
    while (after := step(text)) != text:
        text = after
    return text


def _clean_once(text: str) -> str:
    text = unicodedata.normalize("NFC", html.unescape(text[:MAX_RAW_CHARS]))
    seen = text if text.isprintable() else "".join(filter(_seen, text))
    return _SPACES.sub(" ", seen).strip()


def _seen(char: str) -> bool:
    return char.isspace() or char in _JOINERS or unicodedata.category(char) not in _UNSEEN


def _normalise_once(text: str) -> str:
    if text.isascii():
        text = text.replace("`", "'")
    else:
        text = unicodedata.normalize("NFKC", text.translate(_QUOTES))
        text = _clean_once(_LOOSE_JOINER.sub("", "".join(filter(_worded, text))))
    text = _HASHTAG.sub("", _SECTION.sub("", _URGENT.sub("", text)))
    if (match := _tail(text)) and _is_source(match[2]):
        text = match[1]
    text = spell(text).rstrip(_TRAILING)
    return (match[1] or match[2]).strip() if (match := _QUOTED.match(text)) else text


def _tail(text: str) -> re.Match[str] | None:
    """What stands before and in a tail that may be a source. Most titles have none, and looking closely is slow."""
    match = _TAIL.match(text) if _SEPARATED.search(text, max(0, len(text) - _TAIL_CHARS)) else None
    return match or (_CREDIT.match(text) if text.endswith(")") else None)


def _worded(char: str) -> bool:
    return char in _SYMBOLS or (char not in _DRESSING and unicodedata.category(char) not in _PICTURES)


def _is_source(tail: str) -> bool:
    return tail.casefold() in _sources() or bool(_DOMAIN.match(tail) or _PUBLISHER.match(tail))


@cache
def _sources() -> frozenset[str]:
    return frozenset(files("service").joinpath("sources.txt").read_text("utf-8").splitlines())


def _without_tracking(query: str) -> str:
    """What is kept stays as it was written: a site may tell "?123" from "?123=", and %20 from +."""
    return "&".join(field for field in query.split("&") if field and not _is_tracking(field))


def _is_tracking(field: str) -> bool:
    key = unquote_plus(field.partition("=")[0]).lower()
    return key in _TRACKING or key.startswith(_TRACKING_PREFIXES)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
