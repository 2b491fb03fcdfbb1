"""The model card: what a version is for, how it was made, what it does badly."""

from training.config import FitConfig
from training.evaluate import Metrics, table

_CARD = """# {name}

Scores an English news headline from 0 to 100: how much does a well-informed general reader need to
know this, now? (`data/RUBRIC.md` has the scale and its anchors.)

**For** ordering headlines in lists, and for a newsroom to retrain on its own labels.
**Not for** judging truth, quality or people; not for other languages than English, whole articles,
or decisions about anyone.

## How it was made
`sentence-transformers/all-MiniLM-L6-v2` (Apache-2.0), mean pooling and a head of {hidden} GELU units, fine-tuned
(epochs: {epochs}, seed: {seed}, networks averaged: {members}). {lexical:.0%} of the score come from a linear model on
word pieces beside it. The configuration, data digests and library versions are in `manifest.json`. Weights are stored
in 8 bits per output channel and computed with in 32-bit floating point.

Labels: 20,388 real headlines (2014-2026) from public collections, each rated once, and 900 rated twice,
**by a language model that followed the rubric**, not by people; families that a language model wrote, which
vary one factor or only the wording; groups of real headlines of one day that tell one story, without a
score; real headlines that nobody rated, with the scores of an earlier version; and the client's ten
examples. The client's ten were trained on with weight, so that the model honours them:
they are **no evidence of quality**. The development set is.

## Figures
On 900 headlines and on whole families that it never saw: `contrast` varies one factor, `wordings` says one
event in ways as different as we could find, `retellings` tells events of one weight as outlets of many kinds and
countries would, or lets words deceive (`iscore-train evaluate {name}`):

{table}

The development set and the held-out families also chose settings, such as how much the linear model counts, so
expect a little less on other headlines. "raters" is the agreement of the two ratings of the development set:
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


def card(name: str, metrics: Metrics, config: FitConfig) -> str:
    """The card in Markdown."""
    return _CARD.format(
        name=name,
        hidden=config.hidden,
        epochs=config.epochs,
        members=config.members,
        seed=config.seed,
        lexical=config.lexical_share,
        table=table({name: metrics}),
        bias_top=metrics["dev"]["bias_top"],
        bias_80=metrics["contrast"]["bias_80"],
        spread=metrics["contrast"]["equals_spread"],
        wordings=metrics["wordings"]["equals_spread"],
    )
