"""Each title has the topic that its vector makes likeliest."""

import numpy as np
import pytest

from service.errors import ArtifactError
from service.topics import TopicHead, topic_head_from_bytes
from service.types import TOPICS


def test_the_likeliest_topic_is_taken() -> None:
    head = TopicHead(np.column_stack([np.eye(len(TOPICS)), np.zeros(len(TOPICS))]))
    assert head.predict(np.eye(len(TOPICS), dtype=np.float32)[::-1]) == list(TOPICS[::-1])
    assert head.predict(np.empty((0, len(TOPICS)), np.float32)) == []


def test_what_was_written_is_what_is_read() -> None:
    head = TopicHead(np.random.default_rng(0).normal(size=(len(TOPICS), 4)))
    assert (topic_head_from_bytes(head.to_bytes()).weights == head.weights).all()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        TopicHead(np.ones((2, 4))).to_bytes(),
        TopicHead(np.ones(9)).to_bytes(),
        TopicHead(np.full((len(TOPICS), 2), np.nan)).to_bytes(),
    ],
    ids=["empty", "garbage", "other topics", "shape", "NaN"],
)
def test_what_is_no_topic_head_is_refused(content: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"topics\.npz"):
        topic_head_from_bytes(content)
