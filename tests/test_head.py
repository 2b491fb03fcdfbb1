"""The head learns exactly: labels in any order and in any portions leave the same posterior as a fit of all at once."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import ArtifactError
from service.head import Head, head_from_bytes

WIDTH = 5
RANDOM = np.random.default_rng(0)
PRIOR = Head(RANDOM.normal(size=WIDTH + 1), np.diag([4.0] * WIDTH + [0.001]), 25.0)
VECTORS = RANDOM.normal(size=(40, WIDTH)).astype(np.float32)
SCORES = RANDOM.uniform(0, 100, 40)
WEIGHTS = RANDOM.uniform(0.1, 3, 40)


def test_an_update_is_the_full_refit() -> None:
    """Against least squares on the labels and, as labels of its own, the prior."""
    rows = np.column_stack([VECTORS, np.ones(40)])
    prior_rows = np.sqrt(PRIOR.precision)
    stacked = np.vstack([rows * np.sqrt(WEIGHTS)[:, None], prior_rows])
    wanted, *_ = np.linalg.lstsq(stacked, np.concatenate([SCORES * np.sqrt(WEIGHTS), prior_rows @ PRIOR.mean]))
    head = PRIOR.updated(VECTORS, SCORES, WEIGHTS)
    assert head.mean == pytest.approx(wanted, abs=1e-9)
    assert head.precision == pytest.approx(stacked.T @ stacked, abs=1e-9)


@given(order=st.permutations(range(40)), cuts=st.lists(st.integers(0, 40), max_size=4))
def test_labels_in_any_order_and_portions_leave_the_same_posterior(order: list[int], cuts: list[int]) -> None:
    head = PRIOR
    for portion in np.split(np.array(order), sorted(cuts)):
        head = head.updated(VECTORS[portion], SCORES[portion], WEIGHTS[portion])
    whole = PRIOR.updated(VECTORS, SCORES, WEIGHTS)
    assert head.mean == pytest.approx(whole.mean, abs=1e-8)
    assert head.precision == pytest.approx(whole.precision, abs=1e-8)


def test_no_labels_change_nothing() -> None:
    assert PRIOR.updated(VECTORS[:0], SCORES[:0], WEIGHTS[:0]).mean == pytest.approx(PRIOR.mean, abs=1e-12)


def test_labels_make_the_head_surer_where_they_are_and_never_surer_than_a_label() -> None:
    before, after = (head.variance(VECTORS) for head in (PRIOR, PRIOR.updated(VECTORS, SCORES, WEIGHTS)))
    assert (after < before).all()
    assert (after > PRIOR.noise).all()


def test_points_have_the_same_bits_alone_and_in_company() -> None:
    alone = np.concatenate([PRIOR.predict(VECTORS[index : index + 1]) for index in range(40)])
    assert alone.tobytes() == PRIOR.predict(VECTORS).tobytes()


def test_what_was_written_is_what_is_read() -> None:
    again = head_from_bytes(PRIOR.to_bytes())
    assert (again.mean == PRIOR.mean).all()
    assert (again.precision == PRIOR.precision).all()
    assert again.noise == PRIOR.noise


def _arrays(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{"mean": np.ones(2), "precision": np.eye(2), "noise": np.array(1.0), **arrays})  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        PRIOR.to_bytes()[:-30],
        _arrays(mean=np.ones(3)),
        _arrays(mean=np.ones(2, np.float32)),
        _arrays(mean=np.array([1.0, np.nan])),
        _arrays(precision=np.ones(2)),
        _arrays(noise=np.ones(2)),
        _arrays(mean=np.array([object(), object()])),
    ],
    ids=["empty", "garbage", "cut", "width", "float32", "NaN", "shape", "noise", "pickle"],
)
def test_what_is_no_posterior_is_refused(content: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"head\.npz"):
        head_from_bytes(content)
