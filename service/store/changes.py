"""What a batch of scored headlines changes: pure, so that both databases decide alike."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from service.store.contract import Change
from service.types import Headline, Score, ScoredHeadline


@dataclass(frozen=True, slots=True)
class Changes:
    """``said`` answers the caller in input order; the rest is written: drop ``outdated``, then put the others.

    ``outdated`` are ids whose stored scores belong to an earlier title; ``scores`` is id -> model -> score.
    """

    said: list[Change]
    headlines: list[Headline]
    outdated: list[str]
    scores: dict[str, dict[str, Score]]

    def __bool__(self) -> bool:
        """Whether anything is to be written."""
        return bool(self.headlines or self.outdated or self.scores)


def plan(
    scored: Sequence[ScoredHeadline],
    known: Mapping[str, Headline],
    models: Mapping[str, AbstractSet[str]],
    renew: bool = True,
) -> Changes:
    """Decide on one headline after the other, each seeing what the ones before it in the batch did.

    ``known`` holds the stored headlines among those of the batch, ``models`` the models that scored them;
    without ``renew`` one that has its title still is what it was.
    """
    current = dict(known)
    written: dict[str, Headline] = {}
    outdated: dict[str, None] = {}
    scores: dict[str, dict[str, Score]] = {}
    said: list[Change] = []
    for one in scored:
        key, before = one.headline.id, current.get(one.headline.id)
        after = one.headline if before is None else _edited(before, one.headline, renew)
        change: Change = "created" if before is None else "duplicate" if after == before else "updated"
        said.append(change)
        if change != "duplicate":
            current[key] = written[key] = after
        if before is not None and after.title != before.title:
            outdated[key] = None
            scores.pop(key, None)
        stored = () if key in outdated else models.get(key, ())
        if change != "duplicate" or (one.model not in stored and one.model not in scores.get(key, ())):
            scores.setdefault(key, {})[one.model] = one.score
    return Changes(said, list(written.values()), list(outdated), scores)


def _edited(before: Headline, after: Headline, renew: bool) -> Headline:
    """What stays of a headline that comes again: when it was first seen, its story, and a date better than a guess."""
    if not renew and after.title == before.title:
        return before
    kept = replace(after, first_seen_at=before.first_seen_at, story=before.story)
    if after.date_source == "fetched":
        kept = replace(kept, published_at=before.published_at, date_source=before.date_source)
    return kept
