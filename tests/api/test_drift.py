"""``/v1/drift``, its page and its gauges, on a service whose store holds invented news and judgements."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from service.artifact import read
from service.drift.parts import ENOUGH
from service.registry import Registry
from service.store.editorial import LabelEvent
from service.types import TOPICS, Judgement, ScoredHeadline
from tests.api.conftest import Service, Start
from tests.tiny_models import write_version

FIGURES = json.dumps({"dev": {"mae": 3.0}}).encode()


@pytest.fixture
def tiny(start: Start, tmp_path: Path) -> Service:
    """A service with a model that scores "w85" 85, whose figures promise an error of 3 points."""
    models = tmp_path / "models"
    write_version(models / "tiny-1", metrics_json=FIGURES)
    write_version(models / "tiny-2", metrics_json=FIGURES, upside_down=True)
    Registry(models).use("tiny-1")
    return start(tmp_path / "state", models=models)


def news(service: Service, days: int, per_day: int, recent: Sequence[str] = TOPICS) -> Iterator[ScoredHeadline]:
    """Even scores and all topics; those of the last day are ``recent``."""
    for k in range(days * per_day):
        topics = recent if k < per_day else TOPICS
        topic = topics[k % len(topics)]
        yield service.scored(f"Ferry {k} sails again", k % 100 + 0.5, 1440 * (k + 0.5) / per_day, topic=topic)


def judge(service: Service, scores: Sequence[float], of: Sequence[str] = (), **said: object) -> None:
    titles = of or [f"w{k}" for k in range(len(scores))]
    by, at = str(said.pop("by", "ada")), service.clock() - timedelta(days=float(said.pop("days_ago", 1)))  # type: ignore[arg-type]
    events = [
        LabelEvent(f"{by}-{title}-{at:%j}", by, at, Judgement("score", (title,), score), **said)  # type: ignore[arg-type]
        for title, score in zip(titles, scores, strict=True)
    ]
    assert set(service.state.store.labels.add(events)) == {"created"}


def parts(service: Service) -> dict[tuple[str, str], dict[str, object]]:
    answer = service.client.get("/v1/drift", headers=service.key("editor"))
    assert answer.status_code == 200, answer.text
    return {(one["name"], one["window"]): one for one in answer.json()["parts"]}


def samples(service: Service) -> dict[str, float]:
    lines = [line for line in service.get("/metrics").text.splitlines() if line.startswith("iscore_drift")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_an_editors_key_is_needed(tiny: Service) -> None:
    assert tiny.get("/v1/drift").status_code == 401
    assert tiny.client.get("/v1/drift", headers=tiny.key("ingest")).status_code == 403


def test_an_empty_store_has_no_answer_yet_and_says_so(tiny: Service) -> None:
    answer = tiny.client.get("/v1/drift", headers=tiny.key("editor"))
    body = answer.json()
    assert (body["model"], body["at"], body["state"]) == ("tiny-1", "2026-03-01T12:00:00Z", "unknown")
    assert body["says"] == "There is too little to judge by yet."
    assert {one["state"] for one in body["parts"]} == {"unknown"}
    assert answer.headers["cache-control"] == "no-store"
    assert samples(tiny) == {"iscore_drift_alarm": 0}


def test_news_that_changes_is_told_in_data_and_gauges(tiny: Service) -> None:
    tiny.put(*news(tiny, 20, 360, recent=["sports"]))
    found = parts(tiny)
    assert (found["topics", "24h"]["state"], found["scores", "24h"]["state"]) == ("alarm", "ok")
    assert found["topics", "24h"]["n"] == 360
    gauges = samples(tiny)
    assert gauges.pop("iscore_drift_alarm") == 1
    assert gauges.keys() == {
        f'iscore_drift_psi{{of="{of}",window="{window}"}}' for of in ("scores", "topics") for window in ("24h", "7d")
    }
    assert gauges['iscore_drift_psi{of="topics",window="24h"}'] == pytest.approx(found["topics", "24h"]["value"])


def test_no_more_than_twenty_thousand_headlines_are_read_and_every_day_counts(tiny: Service) -> None:
    tiny.put(*news(tiny, 2, 12_000))
    found = parts(tiny)
    assert found["scores", "24h"]["n"] == 4 * 135
    assert found["scores", "7d"]["n"] == 8 * 135


def test_fresh_judgements_are_compared_with_what_the_model_says_now(tiny: Service) -> None:
    judge(tiny, [k + 2.0 for k in range(60)])
    found = parts(tiny)
    error, bias, order = (found[name, "30d"] for name in ("error", "bias", "spearman"))
    assert (error["n"], error["value"], error["alarm"], error["state"]) == (60, pytest.approx(2), 3.0, "ok")
    assert (bias["value"], bias["says"]) == (pytest.approx(-2), "Scores are 2.0 points below the editors' on average.")
    assert (order["value"], order["interval"]) == (pytest.approx(1), [pytest.approx(1), pytest.approx(1)])


def test_an_error_beyond_the_models_own_figures_is_an_alarm(tiny: Service) -> None:
    judge(tiny, [k + 10.0 for k in range(60)])
    assert parts(tiny)["error", "30d"]["state"] == "alarm"
    assert samples(tiny)["iscore_drift_alarm"] == 1


def test_editors_of_one_title_count_as_one_and_repeats_and_old_judgements_do_not(tiny: Service) -> None:
    judge(tiny, [k + 4.0 for k in range(40)])
    judge(tiny, [k * 1.0 for k in range(40)], by="bob")
    judge(tiny, [90.0] * 40, by="cyd", days_ago=31)
    judge(tiny, [90.0] * 40, by="ada", days_ago=0, repeat=True)
    found = parts(tiny)["error", "30d"]
    assert (found["n"], found["value"]) == (40, pytest.approx(2))


def test_a_report_is_kept_for_ten_minutes_and_made_anew_for_another_model(tiny: Service) -> None:
    judge(tiny, [float(k) for k in range(40)])
    first = parts(tiny)
    judge(tiny, [float(k) for k in range(40, 60)], of=[f"w{k}" for k in range(40, 60)])
    tiny.clock.move(minutes=9)
    assert parts(tiny) == first
    tiny.clock.move(minutes=1)
    assert parts(tiny)["error", "30d"]["n"] == 60
    Registry(tiny.settings.models).use("tiny-2")
    tiny.state.tick()
    assert parts(tiny)["spearman", "30d"]["state"] == "alarm"


def test_a_version_that_was_taken_away_while_it_serves_promises_nothing(tiny: Service) -> None:
    judge(tiny, [float(k) for k in range(40)])
    (tiny.settings.models / "tiny-1" / "manifest.json").unlink()
    assert parts(tiny)["error", "30d"]["state"] == "unknown"


def test_what_the_shipped_model_promises_is_among_its_figures(service: Service) -> None:
    folder = service.state.registry.path(service.state.model.version)
    promised = read(folder).json("metrics.json")["dev"]["mae"]
    titles = [f"Harbour {k} opens its new pier" for k in range(40)]
    judge(service, [30.0 + k for k in range(40)], of=titles)
    assert parts(service)["error", "30d"]["alarm"] == promised


# --- the page ---------------------------------------------------------------------------------------


def drift_page(service: Service) -> str:
    key = service.key("editor")["Authorization"].removeprefix("Bearer ")
    same = {"Sec-Fetch-Site": "same-origin"}
    service.client.post("/editor/sign-in", data={"key": key}, headers=same, follow_redirects=False)
    answer = service.client.get("/editor/drift")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return answer.text


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_page_says_what_there_is_too_little_of(tiny: Service) -> None:
    html = drift_page(tiny)
    assert "not known There is too little to judge by yet." in words(html)
    assert f"Not enough yet: this is drawn once a window holds {ENOUGH} headlines." in words(html)
    assert "No title has been scored by an editor in the last 30 days." in words(html)
    assert "<svg" not in html


def test_the_page_draws_and_tells_the_same_in_tables(tiny: Service) -> None:
    tiny.put(*news(tiny, 15, 360, recent=["sports", "world"]))
    judge(tiny, [k + 2.0 for k in range(60)])
    html = drift_page(tiny)
    assert html.count("<svg") == html.count('role="img" aria-label=') == 5
    assert html.count("as a table</summary>") == 4
    assert "alarm The model no longer fits: retrain it. Nothing is put live by itself." in words(html)
    assert re.search(
        r"Mix of topics, last 24 hours alarm Topics are mixed very differently .*; watch at 0.1", words(html)
    )
    assert "sports 50.0 % 11." in words(html)
    assert not re.search(r"\sstyle=|<style|<script", html)


def test_who_is_not_signed_in_is_led_to_where_they_can_be(tiny: Service) -> None:
    answer = tiny.client.get("/editor/drift", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/editor/sign-in?to=/editor/drift")
