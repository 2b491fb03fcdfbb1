"""The model card: what a version is for, how it was made, what it does badly."""

from collections.abc import Mapping
from typing import Any

from training.evaluate import Metrics, table

_CARD = """# {name}

Scores an English news headline from 0 to 100: how much does a well-informed general reader need to
know this, now? (`data/RUBRIC.md` has the scale and its anchors.)

**For** ordering headlines in lists, and for a newsroom to retrain on its own labels.
**Not for** judging truth, quality or people; not for other languages than English, whole articles,
or decisions about anyone.

## How it was made
A student: {layers} transformer layers of width {width} on a vocabulary of {vocabulary} word pieces and quantities,
trained from scratch (epochs: {epochs}, seed: {seed}) on everything that was judged, and on the scores and features that
a teacher (`sentence-transformers/all-mpnet-base-v2`, Apache-2.0, fine-tuned) gave to real headlines. Beside its vector
of {vector} numbers stands one more: what words and pairs of words say by themselves (a sparse linear regression). On
them sit a Bayesian linear regression and a monotone calibration with 90 % intervals, both fitted to rated headlines,
and a linear classifier of topics. The configuration, data digests and library versions are in `manifest.json`. Word
vectors are stored in 8 bits; all arithmetic is in floating point, 32 bits and more.

Labels: 66,088 real headlines (2014-2026) from public collections, each rated once, and 900 of them twice,
**by a language model that followed the rubric**, not by people; families that a language model wrote, which
vary one factor or only the wording; groups of real headlines of one day that tell one story, without a
score; and the client's ten examples. The network was trained on the client's ten with weight, and the regression
moved until each had its band and its place: they are **no evidence of quality**. The development set is. A tenth of the
ratings was kept from the network and made the calibration.

## Figures
On 900 headlines and on whole families that it never saw: `contrast` varies one factor, `wordings` says one
event in ways as different as we could find, `retellings` tells events of one weight as outlets of many kinds and
countries would, or lets words deceive (`iscore-train evaluate {name}`):

{table}

The development set and the held-out families also chose settings, such as how far the calibration stretches the
scale, so expect a little less on other headlines. "raters" is the agreement of the two ratings of the development set:
as high as any model can be expected to score against them.

## What it does badly
- It knows its labels' view of the world: one rubric, one rater, English-language outlets, mostly
  from the United States, Britain and Canada.
- It reads only the words. It does not know the date, the source or what happened before, and gives
  a number to anything, a shopping list included.
- The top of the scale is squeezed, since it is rare in the labels: it errs by {bias_top:+.1f} points on average at 60
  and above, and by {bias_80:+.1f} on titles of contrast families labelled 80 or more.
- Headlines that say the same in other words differ: by {spread:.1f} points on average between the
  highest and the lowest of a contrast family, by {wordings:.1f} where no wording resembles another.
- The families were written by a language model, which also shares their view of what weighs alike.
"""


def card(name: str, metrics: Metrics, made_from: Mapping[str, Any]) -> str:
    """The card in Markdown; ``made_from`` is what the version's manifest says of its making."""
    if "house" in made_from:
        return house_card(name, made_from["house"]["base"], metrics, made_from)
    config = made_from["config"]
    return _CARD.format(
        name=name,
        layers=config["layers"],
        width=config["width"],
        vector=config["vector"],
        vocabulary=config["vocabulary"],
        epochs=config["epochs"],
        seed=config["seed"],
        table=table({name: metrics}),
        bias_top=metrics["dev"]["bias_top"],
        bias_80=metrics["contrast"]["bias_80"],
        spread=metrics["contrast"]["equals_spread"],
        wordings=metrics["wordings"]["equals_spread"],
    )


_HOUSE_CARD = """# {name}

`{base}` in the style of one newsroom: its scores say what that newsroom finds important, and no more only what
`data/RUBRIC.md` asks. The card of `{base}` says what it is for and what it does badly; all of that holds here too.

## How it was made
`iscore-train house`: the Bayesian regression on top of the network learnt {count} judgements of editors ({kinds});
{held_out} more were held out, by a hash of their titles, to measure by. The network, the topics and the scale are
those of `{base}`. How much a judgement counts was found by cross-validation: {learnt:.0%} of the weight went to answers
that learn something. Of the change {kept:.0%} was kept, as much as costs at most 0.01 Spearman on the development set.
Intervals are {widened:.2f} times as wide; {inside} of the newsroom's scores lie in them.

## Figures
On the development set and held-out families, which know nothing of the newsroom's taste; the gate measures that
(`iscore-train gate`):

{table}
"""


def house_card(name: str, base: str, metrics: Metrics, made_from: Mapping[str, Any]) -> str:
    """The card of a version that learnt a newsroom's judgements."""
    house = made_from["house"]
    return _HOUSE_CARD.format(
        name=name,
        base=base,
        count=sum(house["judgements"].values()),
        kinds=", ".join(f"{kind.replace('_', ' ')}: {count}" for kind, count in house["judgements"].items()),
        held_out=house["held_out"],
        learnt=sum(one["share"] for one in house["tried"] if one["weight"]),
        kept=house["kept"],
        widened=house["intervals_widened"],
        inside="an unknown share" if house["inside_intervals"] is None else f"{house['inside_intervals']:.0%}",
        table=table({name: metrics}),
    )
