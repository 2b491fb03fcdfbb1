"""What ``service.bands`` promises: a score has one printed number and one band, and they agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.bands import BANDS, Band, band_named, band_of, rounded

raw_scores = (
    st.floats(-50, 150) | st.floats(59, 60) | st.floats(79, 80) | st.floats(allow_nan=False, allow_infinity=False)
)


@pytest.mark.parametrize(
    ("raw", "printed", "band"),
    [
        (100.0, 100, "top"),
        (80.0, 80, "top"),
        (79.5, 80, "top"),
        (79.49, 79, "major"),
        (60.0, 60, "major"),
        (59.5, 60, "major"),
        (59.49, 59, "notable"),
        (0.0, 0, "notable"),
        (-3.2, 0, "notable"),
        (104.7, 100, "top"),
    ],
)
def test_the_band_follows_the_printed_number_at_every_edge(raw: float, printed: int, band: str) -> None:
    assert rounded(raw) == printed
    assert band_of(raw).name == band


@given(raw_scores, raw_scores)
def test_of_two_scores_the_higher_never_prints_lower_nor_wears_a_lower_band(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert rounded(low) <= rounded(high)
    assert band_of(low).floor <= band_of(high).floor


@given(raw_scores)
def test_the_printed_number_lies_in_its_band_and_printing_it_again_changes_nothing(raw: float) -> None:
    printed, band = rounded(raw), band_of(raw)
    above = [other.floor for other in BANDS if other.floor > band.floor]
    assert 0 <= printed <= 100
    assert band.floor <= printed < min(above, default=101)
    assert rounded(printed) == printed
    assert band_of(printed) == band


def test_bands_run_from_the_highest_down_to_a_floor_of_0() -> None:
    floors = [band.floor for band in BANDS]
    assert floors == sorted(set(floors), reverse=True)
    assert floors[-1] == 0


@pytest.mark.parametrize("field", ["name", "floor", "colour", "symbol", "shape", "meaning"])
def test_no_two_bands_look_or_sound_the_same(field: str) -> None:
    assert len({getattr(band, field) for band in BANDS}) == len(BANDS)


@pytest.mark.parametrize("band", BANDS, ids=lambda band: band.name)
def test_a_band_is_found_by_its_name(band: Band) -> None:
    assert band_named(band.name) is band


@pytest.mark.parametrize("name", ["", "Top", "green", "middling"])
def test_an_unknown_name_is_answered_with_the_names_there_are(name: str) -> None:
    with pytest.raises(KeyError, match="top, major, notable"):
        band_named(name)
