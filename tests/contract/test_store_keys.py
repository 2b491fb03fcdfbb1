"""What every store promises of keys, stored replies and its secret, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from service.store.connect import open_store
from service.store.contract import ApiKey, Reply
from service.store.sql import SqlStore

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
TICK = timedelta(microseconds=1)
KEY = ApiKey("k1", "0" * 64, ("read", "write"), NOON)
REPLY = Reply("f" * 64, b'{"accepted": 1}\x00\xff', "application/json")


def test_the_secret_is_made_once_and_the_same_in_every_store(store: SqlStore, url: str) -> None:
    another = open_store(url)
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda one: one.secret(), [store, another, store, another]))
    another.close()
    assert len(made) == 1
    assert len(bytes.fromhex(made.pop())) == 32


def test_a_key_comes_back_as_it_went_in(store: SqlStore) -> None:
    assert store.key("k1") is None
    store.add_key(KEY)
    assert store.key("k1") == KEY


def test_keys_are_listed_oldest_first_revoked_or_not(store: SqlStore) -> None:
    older = replace(KEY, id="z9", scopes=(), created_at=NOON - TICK, revoked_at=NOON)
    store.add_key(KEY)
    store.add_key(older)
    assert store.keys() == [older, KEY]


def test_a_key_is_added_once(store: SqlStore) -> None:
    store.add_key(KEY)
    with pytest.raises(IntegrityError):
        store.add_key(replace(KEY, digest="1" * 64))
    assert store.keys() == [KEY]


def test_a_used_key_remembers_when(store: SqlStore) -> None:
    store.add_key(KEY)
    store.use_key("k1", NOON + TICK)
    store.use_key("unknown", NOON)
    assert store.keys() == [replace(KEY, last_used_at=NOON + TICK)]


def test_a_key_is_revoked_once_and_for_ever(store: SqlStore) -> None:
    store.add_key(KEY)
    assert store.revoke_key("k1", NOON)
    assert not store.revoke_key("k1", NOON + TICK)
    assert not store.revoke_key("unknown", NOON)
    assert store.key("k1") == replace(KEY, revoked_at=NOON)


def test_a_reply_is_given_again_to_the_same_caller_only(store: SqlStore) -> None:
    store.put_reply("k1", "i1", REPLY, NOON)
    assert store.reply("k1", "i1") == REPLY
    assert store.reply("k2", "i1") is None
    assert store.reply("k1", "i2") is None


def test_the_first_reply_under_a_key_stands(store: SqlStore) -> None:
    store.put_reply("k1", "i1", REPLY, NOON)
    store.put_reply("k1", "i1", replace(REPLY, body=b"other"), NOON + TICK)
    assert store.reply("k1", "i1") == REPLY


def test_replies_are_dropped_when_older_than_a_day(store: SqlStore) -> None:
    day = timedelta(hours=24)
    store.put_reply("k1", "old", REPLY, NOON)
    store.put_reply("k1", "young", REPLY, NOON + TICK)
    store.put_reply("k1", "new", REPLY, NOON + day + TICK)
    assert store.reply("k1", "old") is None
    assert store.reply("k1", "young") == store.reply("k1", "new") == REPLY


def test_an_expired_reply_makes_room_for_a_new_one(store: SqlStore) -> None:
    again = replace(REPLY, body=b"again")
    store.put_reply("k1", "i1", REPLY, NOON)
    store.put_reply("k1", "i1", again, NOON + timedelta(hours=25))
    assert store.reply("k1", "i1") == again


def test_concurrent_replies_under_one_key_agree_on_one(store: SqlStore) -> None:
    bodies = [f"answer {number}".encode() for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: store.put_reply("k1", "i1", replace(REPLY, body=body), NOON), bodies))
    kept = store.reply("k1", "i1")
    assert kept is not None
    assert kept.body in bodies


def test_concurrent_revocations_of_one_key_succeed_once(store: SqlStore) -> None:
    store.add_key(KEY)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda number: store.revoke_key("k1", NOON + number * TICK), range(8))) == 1
