import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.errors import AuthError, Forbidden, InputError, IscoreError, Unauthenticated
from service.keys import SCOPES, mint, verify
from service.store.connect import open_store
from service.store.contract import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Locked:
    """A store that must not be asked."""

    def key(self, key_id: str) -> None:
        raise AssertionError(f"asked for {key_id}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'keys.db'}")
    yield store
    store.close()


def _kept(store: Store, *scopes: str) -> str:
    text, key = mint(scopes, NOW)
    store.add_key(key)
    return text


def test_a_key_has_the_documented_shape_and_names_its_id() -> None:
    text, key = mint(["ingest"], NOW)
    match = re.fullmatch(r"isk_([0-9A-Za-z]{8})_[0-9A-Za-z]{38}", text)
    assert match
    assert match[1] == key.id


def test_only_the_digest_of_a_key_is_kept() -> None:
    text, key = mint(["ingest"], NOW)
    assert key.digest == hashlib.sha256(text.encode()).hexdigest()
    assert text[13:] not in repr(key)


def test_no_two_keys_are_alike() -> None:
    assert len({mint(["ingest"], NOW)[0] for _ in range(1000)}) == 1000


def test_scopes_are_kept_once_and_in_the_order_of_the_table() -> None:
    assert mint(["admin", "ingest", "admin"], NOW)[1].scopes == ("ingest", "admin")


@pytest.mark.parametrize("scopes", [[], ["root"], ["ingest", "Ingest"], [""]])
def test_a_key_without_scopes_or_with_unknown_ones_is_not_made(scopes: list[str]) -> None:
    with pytest.raises(InputError, match="ingest, editor, admin"):
        mint(scopes, NOW)


def test_a_key_says_who_holds_it_on_one_line(store: Store) -> None:
    _, key = mint(["editor"], NOW, "  Ann —\tnight\ndesk\0 ")
    assert key.name == "Ann — night desk"
    store.add_key(key)
    assert store.key(key.id) == key
    assert mint(["editor"], NOW)[1].name == ""


def test_a_name_has_at_most_60_characters() -> None:
    assert mint(["editor"], NOW, "é" * 60)[1].name == "é" * 60
    with pytest.raises(InputError, match=r"at most 60 characters; this one has 61"):
        mint(["editor"], NOW, "é" * 61)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_opens_each_of_its_scopes(store: Store, scope: str) -> None:
    text = _kept(store, *SCOPES)
    assert verify(text, store, scope, NOW).scopes == SCOPES


def test_no_scope_includes_another(store: Store) -> None:
    text = _kept(store, "admin")
    with pytest.raises(Forbidden, match="this needs ingest"):
        verify(text, store, "ingest", NOW)


def test_every_mistyped_character_is_found_without_asking_the_store() -> None:
    text, _ = mint(["ingest"], NOW)
    for place, char in enumerate(text):
        wrong = text[:place] + ("0" if char != "0" else "1") + text[place + 1 :]
        with pytest.raises(Unauthenticated, match="not a whole iscore key"):
            verify(wrong, Locked(), "ingest", NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "isk_", "Bearer x", "isk_aaaaaaaa_" + "a" * 38, "ключ", "\ud800", "x" * 10_000])
def test_what_is_no_key_is_refused_without_asking_the_store(text: str) -> None:
    with pytest.raises(Unauthenticated):
        verify(text, Locked(), "ingest", NOW)  # type: ignore[arg-type]


def test_surrounding_text_makes_a_key_invalid() -> None:
    text, _ = mint(["ingest"], NOW)
    for wrong in (text + "\n", " " + text, text + text):
        with pytest.raises(Unauthenticated):
            verify(wrong, Locked(), "ingest", NOW)  # type: ignore[arg-type]


def test_an_unknown_key_and_a_wrong_secret_get_the_same_answer(store: Store) -> None:
    known, _ = mint(["ingest"], NOW)
    other, key = mint(["ingest"], NOW)
    store.add_key(type(key)(known[4:12], key.digest, key.scopes, NOW))
    answers = set()
    for text in (known, other):
        with pytest.raises(Unauthenticated) as caught:
            verify(text, store, "ingest", NOW)
        answers.add(str(caught.value))
    assert len(answers) == 1


def test_a_revoked_key_is_refused_for_ever(store: Store) -> None:
    text = _kept(store, "ingest")
    store.revoke_key(text[4:12], NOW)
    with pytest.raises(Unauthenticated, match="revoked"):
        verify(text, store, "ingest", NOW + timedelta(days=1000))


def test_last_use_is_remembered_to_the_minute(store: Store) -> None:
    text = _kept(store, "ingest")
    used = []
    for seconds in (1, 30, 60, 61, 200):
        verify(text, store, "ingest", NOW + timedelta(seconds=seconds))
        used.append((store.key(text[4:12]).last_used_at - NOW).total_seconds())  # type: ignore[union-attr, operator]
    assert used == [1, 1, 1, 61, 200]


def test_a_refused_key_counts_as_unused(store: Store) -> None:
    text = _kept(store, "ingest")
    with pytest.raises(Forbidden):
        verify(text, store, "editor", NOW)
    assert store.key(text[4:12]).last_used_at is None  # type: ignore[union-attr]


def test_both_refusals_can_be_caught_as_one() -> None:
    assert issubclass(Unauthenticated, AuthError)
    assert issubclass(Forbidden, AuthError)
    assert issubclass(AuthError, IscoreError)
