"""Which examples are computed together: families whole, titles of about one length."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from training.dataset import Example

_POOL = 20_000
"""Units that are sorted by length together: little padding, still mixed."""


def family_numbers(examples: Sequence[Example]) -> list[int]:
    """Per example a number that its family alone has, -1 for none."""
    numbers = {family: number for number, family in enumerate(dict.fromkeys(one.family for one in examples))}
    return [numbers[one.family] if one.family else -1 for one in examples]


def units(examples: Sequence[Example], most: int) -> list[list[int]]:
    """Example numbers that must share a batch: families (cut where larger than ``most``) and single rows."""
    families: dict[str, list[int]] = defaultdict(list)
    found: list[list[int]] = []
    for index, example in enumerate(examples):
        if example.family:
            families[example.family].append(index)
        else:
            found.append([index])
    for members in families.values():
        found.extend(members[start : start + most] for start in range(0, len(members), most))
    return found


def batches(
    units: Sequence[Sequence[int]],
    lengths: Sequence[int],
    random: np.random.Generator,
    rows: int | None = None,
    tokens: int | None = None,
) -> list[list[int]]:
    """All units once, in a new order, in batches of at most ``rows`` rows or ``tokens`` tokens, padding included.

    A unit that is larger than that is a batch of its own.
    """
    longest = np.array([max(lengths[index] for index in unit) for unit in units])
    order, pool = random.permutation(len(units)), 20 * rows if rows else _POOL
    found: list[list[int]] = []
    for start in range(0, len(order), pool):
        chosen = order[start : start + pool]
        batch: list[int] = []
        for number in chosen[np.argsort(longest[chosen], kind="stable")]:
            size = len(batch) + len(units[number])
            if batch and (size > (rows or size) or size * longest[number] > (tokens or size * longest[number])):
                found.append(batch)
                batch = []
            batch = [*batch, *units[number]]
        found.append(batch)
    return [found[index] for index in random.permutation(len(found))]
