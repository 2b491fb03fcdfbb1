"""What the shipped model promises: the client's bands and order, larger tolls first, and the figures on its card."""

from pathlib import Path

import numpy as np
import pytest

from service import artifact
from service.bands import band_of, rounded
from service.model import ImportanceModel
from service.registry import Registry
from training import data
from training.behaviour import Behaviour, behaviour
from training.dataset import read_labels
from training.metrics import contrast


def test_the_clients_ten_have_the_clients_bands_and_order(model: ImportanceModel) -> None:
    labels = read_labels(data.CLIENT)
    scores = [rounded(raw) for raw in model.predict([label.title for label in labels]).tolist()]
    assert [band_of(score).name for score in scores] == [band_of(label.i_score).name for label in labels]
    for score, label in zip(scores, labels, strict=True):
        assert all(score > other for other, less in zip(scores, labels, strict=True) if less.i_score < label.i_score)


@pytest.mark.parametrize(
    "event", ["Earthquake in Chile kills {}", "Ferry sinks off Sulawesi, {} dead", "Flood toll in Lagos reaches {}"]
)
def test_a_larger_toll_scores_higher(model: ImportanceModel, event: str) -> None:
    scores = model.predict([event.format(toll) for toll in ("1", "12", "340", "4,000")])
    assert (np.diff(scores) > 0).all()


@pytest.mark.parametrize("dressing", ["BREAKING: {}", "{} - Reuters", "{} | BBC News", "{}…", "World | {}", "{} 🎉"])
def test_dressing_a_headline_up_changes_nothing(model: ImportanceModel, dressing: str) -> None:
    title = "Parliament passes budget after all-night debate"
    plain, dressed = model.predict([title, dressing.format(title)])
    assert plain == dressed


@pytest.fixture(scope="module")
def shown(model: ImportanceModel) -> Behaviour:
    return behaviour(model.predict)


def test_order_floors_and_ceilings_hold(shown: Behaviour) -> None:
    assert shown.broken == []


@pytest.mark.parametrize(
    ("changed", "at_most"),
    # A name and a party still move scores by more than they should, as docs/model.md says: to come down.
    [("country", 3), ("religion", 2), ("party_us", 1), ("party_uk", 4), ("gender", 1), ("name", 5)],
)
def test_whom_or_where_an_event_happens_to_changes_little(shown: Behaviour, changed: str, at_most: float) -> None:
    favour = shown.same[changed].favour
    assert max(map(abs, favour.values())) <= at_most, favour


def test_the_card_says_what_the_model_does_on_held_out_families(model: ImportanceModel, models_dir: Path) -> None:
    recorded = artifact.read(models_dir / model.version).json("metrics.json")["contrast"]
    held = data.held_out(data.CONTRAST, model.manifest["config"]["held_out_share"])
    measured = contrast(model.predict([one.text for one in held]).astype(np.float64), held)
    assert measured == pytest.approx({name: recorded[name] for name in measured}, abs=0.01)
    assert measured["ordered_pairs"] >= 0.91


def test_the_current_version_fits_into_the_repository(models_dir: Path) -> None:
    folder = Registry(models_dir).path(Registry(models_dir).current())
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 15 << 20
