"""House style in a simulated newsroom: how much of a taste so many labels teach, what it costs, how long it takes.

Needs the joined headlines in var/data. The newsroom judges rated headlines that the network never saw (those kept for
the calibration): its score is their rating, changed by its taste, with a second rater's noise. Topics are the
publishers' where they are known, else by words (TF-IDF): the model's own are not what it is judged by.
"""

import training.one_thread  # noqa: F401  # isort: skip  (before numpy)
import re
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeCV

from service import artifact
from service.head import Head
from service.judgements import Standing, write_snapshot
from service.model import ImportanceModel, load
from service.ranks import spearman
from service.registry import Registry
from service.selecting import Known, Pool, choose, places
from service.settings import HERE, Settings
from service.store.editorial import LabelEvent
from service.taste import taste_rows
from service.text import normalise
from service.types import Judgement
from training import data
from training.dataset import read_rows
from training.dev_set import DevSet, dev_set_of
from training.house import Base, Learnt, house, learn_house
from training.lessons import lessons_of
from training.metrics import Scores
from training.split import is_held_out

JOINED = HERE / "var" / "data"
_COUNTS, _CEILING, _SEEDS = (50, 200, 400, 1000), 5000, 10
_ASKED, _MANY = (100, 200), 40
_BETWEEN = (50, 100, 150, 200, 250, 300, 400, 600, 1000)
"""Random labels among which the number is read that teaches as much as the queue's."""
_FEW = 5
_TEST, _QUEUE, _ROUND = 1400, 2000, 50
_PENALTIES = np.geomspace(0.1, 1000, 9)
_OFFSETS = {"sports": 12.0, "nation": 9.0, "world": -9.0, "business": -7.0}
_BRITISH = (
    r"\b(UK|Brit\w+|Engl\w+|Scot\w+|Wales|Welsh|London|NHS|Starmer|Sunak|Labour|Tory|Tories|MPs?|Royal|King|Prince)\b"
)
_AMERICAN = r"\b(Trump|Biden|Republicans?|Democrats?|Senate|Congress|GOP|White House|Florida|Texas|California)\b"
_COMMONWEALTH = r"\b(India|Nigeria|Kenya|Pakistan|Australia|Africa|Ghana|Bangladesh|EU|France|Germany|Ireland)\b"
_HUMAN = (
    r"(?i)\b(woman|man|girl|boy|mother|mum|father|dad|family|child(ren)?|teen|baby|couple|pupils?|school|hospital)\b"
)
_MARKET = r"(?i)\b(stocks?|shares?|markets?|earnings|profit|CEO|deal|billion|million)\b|\$"
_ADVICE = r"(?i)\b(how to|best|things|why|review|opinion|guide|tips)\b|\?"
_WORDS = {_BRITISH: 14.0, _AMERICAN: -7.0, _COMMONWEALTH: 5.0, _HUMAN: 6.0, _MARKET: -7.0, _ADVICE: -5.0}

_DESK = {"technology": 10.0, "science": 9.0, "health": 5.0, "sports": -6.0, "entertainment": -9.0}
_FINDINGS = (
    r"(?i)\b(study|scientists?|researchers?|climate|space|nasa|AI|vaccines?|energy|robots?|data|cancer|species)\b"
)
_CRIME = r"(?i)\b(murder\w*|stabb\w+|police|court|charged|arrest\w*|jail\w*|guilty|trial|killer|shooting|suspects?)\b"
_DESK_WORDS = {_FINDINGS: 8.0, _CRIME: -8.0}

BY_TOPIC = "sports and home news up, world and business down"

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Newsroom:
    """Headlines with what the newsroom finds of them: ``truth``, and ``labels`` as one editor would give them."""

    titles: list[str]
    vectors: NDArray[np.float32]
    truth: Scores
    labels: Scores
    test: Rows
    pool: Rows


@dataclass(frozen=True, slots=True)
class Setting:
    """The version that is taught, and headlines that it never saw; ``tastes`` say by name what they are worth."""

    folder: Path
    model: ImportanceModel
    base: Base
    dev: DevSet
    titles: list[str]
    vectors: NDArray[np.float32]
    ratings: Scores
    tastes: dict[str, Scores]
    noise: Scores

    def newsroom(self, taste: str, seed: int) -> Newsroom:
        """The ``seed``-th draw of a newsroom with a taste."""
        truth, random = self.tastes[taste], np.random.default_rng(seed)
        labels = np.clip(np.round(truth + random.choice(self.noise, len(truth))), 0, 100)
        order = np.random.default_rng(99).permutation(len(self.titles))  # one test set for all
        return Newsroom(self.titles, self.vectors, truth, labels, order[:_TEST], random.permutation(order[_TEST:]))


def setting() -> Setting:
    """The current version, on the joined headlines."""
    registry = Registry(Settings().models)
    folder = registry.path(registry.current())
    model, dev = load(folder), dev_set_of(artifact.read(folder))
    rows = [row for row in read_rows(JOINED / data.RATED) if is_held_out(row["id"], _share(model))]
    titles, ratings = [row["title"] for row in rows], np.array([float(row["i_score"]) for row in rows])
    topics = _topics(rows)
    tastes = {
        BY_TOPIC: _by_topic(ratings, topics),
        "a British front page, by its words": _by_words(ratings, titles, topics),
        "a science desk, by topic and words": _by_both(ratings, titles, topics),
        "none: the raters' own": ratings,
    }
    base = Base(model.version, model.head, model.calibration)
    return Setting(folder, model, base, dev, titles, model.encoder.encode(titles), ratings, tastes, _rater_noise())


def run() -> None:
    """Print the tables."""
    found = setting()
    for name, truth in found.tastes.items():
        print(f"\nTaste: {name}\n")
        newsrooms = [found.newsroom(name, seed) for seed in range(_MANY)]
        _table(newsrooms[:_SEEDS], found.model, found.base, found.dev)
        if truth is not found.ratings:
            _print_worth(newsrooms, found.model, found.base, found.dev)
    _print_seconds(found)


def _table(newsrooms: list[Newsroom], model: ImportanceModel, base: Base, dev: DevSet) -> None:
    before = float(np.mean([agreement(one, model.head) for one in newsrooms]))
    most = [(one, learn(one, one.pool[:_CEILING], model, base, dev)) for one in newsrooms[:2]]
    guarded = np.mean([agreement(one, learnt.head) for one, learnt in most])
    ceiling = float(np.mean([agreement(one, unguarded(base, learnt)) for one, learnt in most]))
    print(f"Before {before:.3f}; with {_CEILING:,} labels {guarded:.3f}, with no limit on what is lost {ceiling:.3f}\n")
    print(
        "| labels | house style | of the way | worst | dev lost | inside | by the queue | of the way | TF-IDF | ridge |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    queued = [_queue(one, max(_COUNTS), model, base, dev) for one in newsrooms]
    for count in _COUNTS:
        learnt = [learn(one, one.pool[:count], model, base, dev) for one in newsrooms]
        asked = [learn(one, rows[:count], model, base, dev) for one, rows in zip(newsrooms, queued, strict=True)]
        found, by_queue = (_agreements(newsrooms, each) for each in (learnt, asked))
        few = newsrooms[:_FEW]
        cells = [
            _mean(found),
            _of_the_way(found, before, ceiling),
            f"{found.min():.3f}",
            f"{np.mean([one.lost for one in learnt]):.3f}",
            f"{np.mean([_inside(one, each) for one, each in zip(newsrooms, learnt, strict=True)]):.0%}",
            _mean(by_queue),
            _of_the_way(by_queue, before, ceiling),
            f"{np.mean([_tf_idf(one, one.pool[:count]) for one in few]):.3f}",
            "{:.3f} (dev lost {:.3f})".format(*np.mean([_ridge(one, one.pool[:count], dev, base) for one in few], 0)),
        ]
        print(f"| {count:,} | {' | '.join(cells)} |", flush=True)


def _print_worth(newsrooms: list[Newsroom], model: ImportanceModel, base: Base, dev: DevSet) -> None:
    """How many random labels teach as much as the queue's, under the limit on what is lost and without it."""

    def both(count: int, chosen: list[Rows]) -> tuple[Scores, Scores]:
        learnt = [learn(one, rows[:count], model, base, dev) for one, rows in zip(newsrooms, chosen, strict=True)]
        free = [agreement(one, unguarded(base, each)) for one, each in zip(newsrooms, learnt, strict=True)]
        return _agreements(newsrooms, learnt), np.array(free)

    print("\n| labels by the queue | more than random | as many random | without the limit | as many random |")
    print("|---|---|---|---|---|")
    drawn = {count: both(count, [one.pool for one in newsrooms]) for count in _BETWEEN}
    queued = [_queue(one, max(_ASKED), model, base, dev) for one in newsrooms]
    for count in _ASKED:
        cells = []
        for way, found in enumerate(both(count, queued)):
            means = np.maximum.accumulate([drawn[one][way].mean() for one in _BETWEEN])
            same = np.interp(found.mean(), means, _BETWEEN, _BETWEEN[0], np.inf)
            cells += [_mean(found - drawn[count][way], 4), f"{same:.0f}"]
        print(f"| {count} | {' | '.join(cells)} |", flush=True)


def _agreements(newsrooms: list[Newsroom], learnt: list[Learnt]) -> Scores:
    return np.array([agreement(one, each.head) for one, each in zip(newsrooms, learnt, strict=True)])


def _mean(found: Scores, digits: int = 3) -> str:
    """With its standard error."""
    return f"{found.mean():.{digits}f} ± {found.std(ddof=1) / np.sqrt(len(found)):.4f}"


def _of_the_way(found: Scores, before: float, ceiling: float) -> str:
    return f"{(found.mean() - before) / (ceiling - before):.0%}" if ceiling - before > 0.005 else ""


def unguarded(base: Base, learnt: Learnt) -> Head:
    """The head with the whole taste, whatever it costs on the development set."""
    return Head(base.head.mean + learnt.taste.change, base.head.precision, base.head.noise)


def learn(one: Newsroom, chosen: Rows, model: ImportanceModel, base: Base, dev: DevSet) -> Learnt:
    """House style from these of its labels."""
    return learn_house(base, model.topic_head, lessons_of(_judged(one, chosen), model.encoder, base.calibration), dev)


def _judged(one: Newsroom, chosen: Rows) -> list[Standing]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [Standing(Judgement("score", (one.titles[row],), float(one.labels[row])), "editor", at) for row in chosen]


def _queue(one: Newsroom, count: int, model: ImportanceModel, base: Base, dev: DevSet) -> Rows:
    """As editors are asked, of so many headlines as a day's queue holds: in rounds, by the latest retraining's head."""
    among, head, done = one.pool[:_QUEUE], base.head, np.array([], np.intp)
    while len(done) < count:
        left = among[~np.isin(among, done)]
        (spots, tastes), known = (
            (places(head, vectors), taste_rows(model.topic_head, vectors))
            for vectors in (one.vectors[left], one.vectors[done])
        )
        pool = Pool(head.predict(one.vectors[left]), spots, tastes, np.ones(len(left), bool))
        chosen = choose(pool, Known(*known), "score", min(_ROUND, count - len(done)), str(len(done)))
        done = np.append(done, left[[each.rows[0] for each in chosen]])
        head = learn(one, done, model, base, dev).head
    return done


def agreement(one: Newsroom, head: Head) -> float:
    """Spearman with the taste on headlines that the newsroom has not judged."""
    return spearman(head.predict(one.vectors[one.test]), one.truth[one.test])


def _inside(one: Newsroom, learnt: Learnt) -> float:
    scores = learnt.calibration.apply(learnt.head.predict(one.vectors[one.test])).tolist()
    spans = np.array([learnt.calibration.interval(score) for score in scores])
    return float(((spans[:, 0] <= one.labels[one.test]) & (one.labels[one.test] <= spans[:, 1])).mean())


def _tf_idf(one: Newsroom, chosen: Rows) -> float:
    texts = [normalise(title).lower() for title in one.titles]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit([texts[row] for row in chosen])
    found = RidgeCV(_PENALTIES).fit(words.transform([texts[row] for row in chosen]), one.labels[chosen])
    return spearman(found.predict(words.transform([texts[row] for row in one.test])), one.truth[one.test])


def _ridge(one: Newsroom, chosen: Rows, dev: DevSet, base: Base) -> tuple[float, float]:
    """The same vectors, but no memory of other labels."""
    found = RidgeCV(_PENALTIES).fit(one.vectors[chosen], one.labels[chosen])
    known, now = (
        spearman(points, dev.i_scores) for points in (base.head.predict(dev.vectors), found.predict(dev.vectors))
    )
    return spearman(found.predict(one.vectors[one.test]), one.truth[one.test]), known - now


def _by_topic(ratings: Scores, topics: NDArray[np.str_]) -> Scores:
    return np.clip(ratings + np.array([_OFFSETS.get(topic, 0.0) for topic in topics]), 0, 100)


def _by_words(ratings: Scores, titles: list[str], topics: NDArray[np.str_]) -> Scores:
    found = ratings + np.where(topics == "sports", 4.0, 0.0) - np.where(topics == "technology", 4.0, 0.0)
    for pattern, points in _WORDS.items():
        found += points * np.array([bool(re.search(pattern, title)) for title in titles])
    return np.clip(found + 0.12 * (found - 45), 0, 100)  # and a front page wants height


def _by_both(ratings: Scores, titles: list[str], topics: NDArray[np.str_]) -> Scores:
    found = ratings + np.array([_DESK.get(topic, 0.0) for topic in topics])
    for pattern, points in _DESK_WORDS.items():
        found += points * np.array([bool(re.search(pattern, title)) for title in titles])
    return np.clip(found, 0, 100)


def _topics(rows: list[dict[str, Any]]) -> NDArray[np.str_]:
    known = {row["id"]: row for row in read_rows(JOINED / data.TOPICS_OF)}
    asked = {row["id"] for row in rows}
    others = [row for key, row in known.items() if key not in asked]
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
    seen = words.fit_transform([normalise(row["title"]) for row in others])
    model = LogisticRegression(C=5, max_iter=200).fit(seen, [row["topic"] for row in others])
    guessed = model.predict(words.transform([normalise(row["title"]) for row in rows]))
    return np.array(
        [known[row["id"]]["topic"] if row["id"] in known else guess for row, guess in zip(rows, guessed, strict=True)]
    )


def _rater_noise() -> Scores:
    dev = data.dev(JOINED)
    return dev.rater_a - dev.rater_b


def _share(model: ImportanceModel) -> float:
    return float(model.manifest["config"]["calibration_share"])


def _print_seconds(found: Setting) -> None:
    """From a snapshot to a version on disk, in this process."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    print("\n| labels | seconds until the version is on disk |\n|---|---|")
    for count in (*_COUNTS, _CEILING):
        events = [
            LabelEvent(f"label-{n}", "editor", at, Judgement("score", (title,), float(rating)))
            for n, (title, rating) in enumerate(
                zip(found.titles[: count * 5 // 4], found.ratings.tolist(), strict=False)
            )
        ]
        with tempfile.TemporaryDirectory() as out:
            labels = Path(out, "labels.jsonl")
            write_snapshot(labels, events)
            started = time.perf_counter()
            house(labels, Path(out), found.folder)
            print(f"| {count:,} | {time.perf_counter() - started:.1f} |")
