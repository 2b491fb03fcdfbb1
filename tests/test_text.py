"""What ``service.text`` promises about headlines and addresses."""

import hashlib
import html
import re
import time
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InputError
from service.text import (
    MAX_TITLE_CHARS,
    MAX_URL_CHARS,
    canonical_url,
    clean,
    headline_id,
    normalise,
    title_problem,
)

PLAIN = 'Minister\'s "final" offer rejected by striking nurses'
CURLY = "Minister\u2019s \u201cfinal\u201d offer rejected by striking nurses"

# The tags and quotes that hypothesis would need hours to stumble on, mixed with any other character.
_FRAGMENTS = st.sampled_from(
    [
        "&amp;",
        "&#39;",
        "&lt;",
        "BREAKING: ",
        " - BBC News",
        " | Reuters",
        "12345",
        "\u2019",
        "`",
        "\u200d",
        "\ufe0f",
        "❤",
    ]
)
any_text = st.text(st.characters(exclude_categories=[])) | st.lists(
    _FRAGMENTS | st.text(st.characters(exclude_categories=[]), max_size=3), max_size=12
).map("".join)

_WORD = st.text("abcdefghijklmnoprstuvwyéüñçø", min_size=3, max_size=9)
plain_titles = st.lists(_WORD, min_size=3, max_size=9).map(" ".join)


def hex_of(text: str) -> str:
    return " ".join(f"{ord(char):x}" for char in text)


# --- clean: what people see ---


@given(any_text)
def test_clean_accepts_any_text_and_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@given(any_text)
def test_a_cleaned_title_is_one_line_of_composed_text_that_any_database_can_hold(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == unicodedata.normalize("NFC", cleaned)
    assert cleaned == " ".join(cleaned.split())
    assert not {unicodedata.category(char) for char in cleaned} & {"Cc", "Cs", "Co"}
    cleaned.encode("utf-8")


@pytest.mark.parametrize("lone", [chr(0xD800), chr(0xDCFF), chr(0xDFFF)], ids=hex_of)
def test_a_lone_surrogate_is_dropped_and_the_rest_of_the_title_stays(lone: str) -> None:
    assert clean(f"Floods{lone} cut rail line") == "Floods cut rail line"
    assert normalise(f"Floods{lone} cut rail line") == "Floods cut rail line"


@pytest.mark.parametrize(
    "unseen", ["\u202e", "\u2066", "\u200b", "\ufeff", "\u00ad", "\x00", "\x1b", "\u2060", "\ue000", "\U000e0041"]
)
def test_bidi_control_and_zero_width_characters_leave_no_trace(unseen: str) -> None:
    assert clean(f"{unseen}Court frees{unseen} edi{unseen}tor{unseen}") == "Court frees editor"
    assert normalise(f"{unseen}Court frees{unseen} edi{unseen}tor{unseen}") == "Court frees editor"


@pytest.mark.parametrize("space", ["  ", "\t", "\r\n", "\u00a0", "\u2003", "\u2028", "\u3000", "&nbsp;", "&#10;"])
def test_any_white_space_becomes_one_space(space: str) -> None:
    assert clean(f"{space}Court{space}frees editor{space}") == "Court frees editor"


@pytest.mark.parametrize(
    ("encoded", "shown"),
    [
        ("Profit up 4% at R&amp;D firm", "Profit up 4% at R&D firm"),
        ("Profit up 4% at R&amp;amp;D firm", "Profit up 4% at R&D firm"),
        ("Mayor: &#8216;not now&#8217;", "Mayor: \u2018not now\u2019"),
        ("Mayor: &amp;#x27;not now&amp;#x27;", "Mayor: 'not now'"),
        ("Fish &am\u200bp; chips", "Fish & chips"),
        ("AT&T and M&S agree terms", "AT&T and M&S agree terms"),
    ],
)
def test_entities_are_decoded_however_often_they_were_encoded(encoded: str, shown: str) -> None:
    assert clean(encoded) == shown


@given(plain_titles, st.sampled_from(["&", "<b>", "'", '"', " & co"]), st.integers(1, 3))
def test_encoding_a_title_again_never_shows(title: str, mark: str, times: int) -> None:
    written = encoded = f"{title} {mark} {title}"
    for _ in range(times):
        encoded = html.escape(encoded)
    assert clean(encoded) == clean(written)
    assert normalise(encoded) == normalise(written)


def test_clean_keeps_what_a_reader_should_see() -> None:
    assert (
        clean("BREAKING: Paquetá’s \U0001f600 hearing – live | BBC")
        == "BREAKING: Paquetá’s \U0001f600 hearing – live | BBC"
    )
    assert clean("می\u200cخواهم بدانم") == "می\u200cخواهم بدانم"


@pytest.mark.parametrize("hostile", ["&" + "amp;" * 250_000, "\u200b&" + "#38;" * 250_000, "a\u0301" * 500_000])
def test_a_hostile_megabyte_is_cleaned_in_seconds(hostile: str) -> None:
    started = time.perf_counter()
    cleaned = clean(hostile)
    assert time.perf_counter() - started < 5
    assert clean(cleaned) == cleaned


# --- normalise: what the model reads ---


@given(any_text)
def test_normalise_accepts_any_text_and_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(any_text)
def test_normalise_is_blind_to_cleaning_and_empty_only_for_an_empty_title(text: str) -> None:
    assert normalise(clean(text)) == normalise(text)
    assert bool(normalise(text)) == bool(clean(text))


@pytest.mark.parametrize(
    "quoted", ["'We don't know'", "\u201cWe don't know\u201d", '"We don\'t know." | Reuters', '" We don\'t know"']
)
def test_a_title_wholly_in_quotation_marks_reads_as_without(quoted: str) -> None:
    assert normalise(quoted) == "We don't know"


@pytest.mark.parametrize("title", ["'Big' and 'small'", "He said 'no'", "'Rich' list: 10 who left", '""'])
def test_quotation_marks_around_a_part_stay(title: str) -> None:
    assert normalise(title) == title


@given(st.text(st.characters(max_codepoint=0x24F), max_size=40))
def test_normalise_is_blind_to_the_shape_of_quotes(text: str) -> None:
    straight = clean(text)
    curly = straight.replace("'", "\u2019").replace('"', "\u201c")
    assert normalise(curly) == normalise(straight)


def test_curly_straight_and_backtick_quotes_read_the_same() -> None:
    assert normalise(CURLY) == normalise(PLAIN) == PLAIN
    assert normalise("Star of `Salt' leaves") == normalise("Star of \u2018Salt\u2019 leaves") == "Star of 'Salt' leaves"


@pytest.mark.parametrize(
    "marker",
    [
        "BREAKING: ",
        "Breaking News: ",
        "breaking - ",
        "Breaking \u2013 ",
        "BREAKING | ",
        "Just in: ",
        "URGENT! ",
        "Alert: ",
        "Developing: ",
        "Update: ",
        "UPDATE 3: ",
        "BREAKING: URGENT: ",
        "\U0001f6a8 BREAKING: ",
    ],
)
@given(title=plain_titles)
def test_an_urgency_marker_is_not_read(marker: str, title: str) -> None:
    assert normalise(marker + title) == normalise(title)


@pytest.mark.parametrize(
    "tail",
    [
        " - BBC News",
        " - BBC NEWS",
        " | Reuters",
        " - Reuters.",
        " : NPR",
        " - example.com",
        " - news.example.co.uk",
        " \u2013 The Japan Times",
        " \u2014 CNN",
        " · Al Jazeera",
        " | The Guardian",
        " | The Harbour Post",
        " | BBC | Reuters",
    ],
)
def test_a_trailing_source_name_is_not_read(tail: str) -> None:
    title = "Parliament votes to end emergency rule"
    assert normalise(title + tail) == title


@given(
    plain_titles, st.sampled_from([" - BBC News", " | Reuters", " : NPR", " - example.com", " \u2013 The Japan Times"])
)
def test_the_same_words_read_the_same_under_every_known_source_name(title: str, tail: str) -> None:
    assert normalise(title + tail) == normalise(title)


@pytest.mark.parametrize(
    "title",
    [
        "Watch: Volcano lights up the night sky",
        "Opinion: Small states deserve a seat",
        "In pictures: A week of floods",
        "Updated rules for drone pilots take effect",
        "Breaking the silence on school exclusions",
        "Italian teams cannot cope with modern football | Philipp Lahm",
        "Budget row deepens - what happens next",
        "Post-war homes - a guide",
        "BBC News",
        "Reuters: strike ends at port",
    ],
)
def test_words_that_say_what_kind_of_text_follows_are_read(title: str) -> None:
    assert normalise(title) == title


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Storm leaves 30000 homeless", "Storm leaves 30,000 homeless"),
        ("Storm leaves 30,000 homeless", "Storm leaves 30,000 homeless"),
        ("Fund raises $2500000 for school", "Fund raises $2,500,000 for school"),
        ("Firm fined £123456789", "Firm fined £123,456,789"),
        ("Vote set for 2028 after 1999 pact", "Vote set for 2028 after 1999 pact"),
        ("The 2024-2025 season in review", "The 2024-2025 season in review"),
        ("Pi is 3.14159 today", "Pi is 3.14159 today"),
        ("Index closes at 38461.5 points", "Index closes at 38461.5 points"),
        ("Call 0800123456 for help", "Call 0800123456 for help"),
        ("Call +441632960960 for help", "Call +441632960960 for help"),
        ("Call 555-0123456 for help", "Call 555-0123456 for help"),
        ("Patch for CVE-2025-61882 is out", "Patch for CVE-2025-61882 is out"),
        ("Serial 12345678901234567890 recalled", "Serial 12345678901234567890 recalled"),
    ],
)
def test_long_counts_are_grouped_and_years_decimals_and_phone_numbers_are_not(written: str, read: str) -> None:
    assert normalise(written) == read


@given(st.integers(10_000, 999_999_999_999))
def test_a_count_reads_the_same_with_and_without_thousands_commas(count: int) -> None:
    assert normalise(f"Storm leaves {count} homeless") == normalise(f"Storm leaves {count:,} homeless")


@pytest.mark.parametrize("emoji", ["🔥", "🚨🚨", "❤\ufe0f", "👩\u200d💻", "👍🏽", "🇯🇵"])
def test_emoji_are_not_read_wherever_they_stand(emoji: str) -> None:
    assert normalise(f"{emoji} Court frees editor") == "Court frees editor"
    assert normalise(f"Court frees editor {emoji}") == "Court frees editor"
    assert normalise(f"Court {emoji} frees editor") == "Court frees editor"


def test_a_title_of_emoji_alone_is_read_as_it_stands() -> None:
    assert normalise("🔥🔥") == "🔥🔥"


@pytest.mark.parametrize("sign", ["★★★", "☆", "21°", "joy ^_^"])
def test_signs_that_carry_meaning_are_read(sign: str) -> None:
    assert normalise(f"Café {sign} review") == f"Café {sign} review"


@given(st.text(st.characters(max_codepoint=0x1FFF, categories=["L", "Mn", "Nd", "Zs", "Po"]), max_size=40))
def test_composed_and_decomposed_spellings_are_one_title(text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert clean(composed) == clean(decomposed)
    assert normalise(composed) == normalise(decomposed)


# --- title_problem ---


@pytest.mark.parametrize("title", ["", " ", "...", "🔥🔥", "\u200d", "?!"])
def test_a_title_without_letter_or_digit_is_refused_as_empty(title: str) -> None:
    assert "empty" in (title_problem(clean(title)) or "")


def test_a_title_at_the_limit_passes_and_one_character_more_says_how_long_it_is() -> None:
    assert title_problem("a" * MAX_TITLE_CHARS) is None
    assert f"{MAX_TITLE_CHARS + 1} characters" in (title_problem("a" * (MAX_TITLE_CHARS + 1)) or "")


@pytest.mark.parametrize("title", ["G7", "7", "地震", "Землетрясение", "زلزال"])
def test_short_and_non_latin_titles_can_be_scored(title: str) -> None:
    assert title_problem(clean(title)) is None


# --- headline_id ---


@given(st.text(min_size=1).filter(lambda text: re.search(r"[a-z0-9]", text.lower())))
def test_the_id_of_a_title_is_the_published_definition(title: str) -> None:
    words = re.sub(r"[^a-z0-9]+", " ", title.lower()).strip()
    assert headline_id(title) == hashlib.sha256(words.encode()).hexdigest()[:16]


def test_a_known_title_keeps_its_id_for_ever() -> None:
    title = "NASA astronaut, 2 Russian cosmonauts blast off on flight to space station"
    words = b"nasa astronaut 2 russian cosmonauts blast off on flight to space station"
    assert headline_id(title) == hashlib.sha256(words).hexdigest()[:16] == "cba506d37366b772"


@given(any_text)
def test_every_text_has_an_id_of_16_hex_digits(text: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", headline_id(text))


def test_case_quotes_and_punctuation_do_not_change_the_id() -> None:
    assert headline_id(PLAIN) == headline_id(CURLY.upper()) == headline_id(f"  {PLAIN}!")


def test_titles_in_other_scripts_have_ids_of_their_own() -> None:
    titles = ["Землетрясение в Перу", "زلزال في بيرو", "ペルーで地震", "페루 지진", "秘鲁地震", "Σεισμός στο Περού"]
    assert len({headline_id(title) for title in titles}) == len(titles)
    assert headline_id("Землетрясение  в Перу") == headline_id("землетрясение в\u00a0перу")


@given(plain_titles, plain_titles)
def test_with_an_address_the_id_depends_on_the_address_alone(one: str, other: str) -> None:
    url = "https://news.example/a"
    assert headline_id(one, url) == headline_id(other, url) != headline_id(one, "https://news.example/b")


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_address_means_the_words_decide(nothing: str | None) -> None:
    assert headline_id(PLAIN, nothing) == headline_id(PLAIN)


# --- canonical_url ---

_NAME = st.text("abcdefghijklmnopqrstuvwxyz0123456789-%+ é", min_size=1, max_size=8)
_FIELD = st.tuples(_NAME.map("q".__add__), _NAME).map("=".join) | _NAME.map("q".__add__)
_QUERY = st.lists(_FIELD, max_size=4).map("&".join)
urls = st.builds(
    "{}://{}{}/{}{}{}".format,
    st.sampled_from(["http", "https", "HTTPS"]),
    st.sampled_from(["news.example", "NEWS.Example", "[2001:DB8::1]", "203.0.113.7", "bücher.example"]),
    st.sampled_from(["", ":80", ":443", ":8080", ":"]),
    st.lists(_NAME, max_size=3).map("/".join),
    _QUERY.map(lambda query: f"?{query}"),
    st.sampled_from(["", "#top", "#:~:text=x"]),
)


@given(urls)
def test_canonical_url_of_a_canonical_url_is_itself(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once
    assert " " not in once
    assert "#" not in once


@given(
    urls,
    st.sampled_from(["utm_source=rss", "UTM_Medium=x", "fbclid=1", "gclid", "utm%5Fid=3", "at_medium=RSS", "ref=hp"]),
)
def test_tracking_parameters_never_make_another_address(url: str, tracking: str) -> None:
    base = url.partition("#")[0].strip()
    assert canonical_url(f"{base}&{tracking}") == canonical_url(base)
    assert canonical_url(base.replace("?", f"?{tracking}&", 1)) == canonical_url(base)


@pytest.mark.parametrize(
    ("given_url", "canonical"),
    [
        ("HTTPS://News.Example/Path", "https://news.example/Path"),
        ("https://news.example", "https://news.example/"),
        ("https://news.example:443/a", "https://news.example/a"),
        ("http://news.example:80/a", "http://news.example/a"),
        ("http://news.example:443/a", "http://news.example:443/a"),
        ("https://news.example:8443/a", "https://news.example:8443/a"),
        ("https://[2001:db8::1]:443/a", "https://[2001:db8::1]/a"),
        ("https://news.example/a#comments", "https://news.example/a"),
        ("https://news.example/a?utm_source=x&utm_medium=y", "https://news.example/a"),
        ("https://news.example/a?z=1&fbclid=9&a=2&z=3", "https://news.example/a?z=1&a=2&z=3"),
        ("https://news.example/a?20250408&utm_id=1", "https://news.example/a?20250408"),
        ("https://news.example/a?q=a%20b+c&gclid=1", "https://news.example/a?q=a%20b+c"),
        ("https://news.example/my story?q=a b", "https://news.example/my%20story?q=a%20b"),
        ("\n  https://news.example/a \t\n", "https://news.example/a"),
        ("https://news.example/a?reference=7&partners=2", "https://news.example/a?reference=7&partners=2"),
    ],
)
def test_an_address_loses_what_does_not_name_the_article_and_keeps_the_rest_in_order(
    given_url: str, canonical: str
) -> None:
    assert canonical_url(given_url) == canonical


@pytest.mark.parametrize(
    "hostile",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        " javascript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "ftp://news.example/a",
        "file:///etc/hostname",
        "//news.example/a",
        "/a",
        "news.example/a",
        "",
        "https://",
        "https:///a",
        "https://:443/a",
        "https:news.example",
        "https://user@news.example/a",
        "https://user:word@news.example/a",
        "https://news.example\\@evil.example/a",
        "https://news.example\\a",
        "https://news example/a",
        "https://news.example/a\nb",
        "ht\ntps://news.example/a",
        "https://news.example/\u202egpj",
        "https://news.example/\ud800",
        "https://news.example:99999/a",
        "https://news.example:port/a",
        "https://[::1/a",
        "https://news.example/" + "a" * MAX_URL_CHARS,
    ],
)
def test_an_address_that_is_not_plain_http_is_refused(hostile: str) -> None:
    with pytest.raises(InputError, match=r"^url "):
        canonical_url(hostile)


@given(
    st.text(st.characters(exclude_categories=[]))
    | st.text(st.characters(exclude_categories=[])).map("https://".__add__)
)
def test_any_text_is_either_refused_or_a_stable_http_address(text: str) -> None:
    with suppress(InputError):
        url = canonical_url(text)
        assert url.startswith(("http://", "https://"))
        assert canonical_url(url) == url


def test_an_address_at_the_limit_passes() -> None:
    url = "https://news.example/".ljust(MAX_URL_CHARS, "a")
    assert canonical_url(url) == url
