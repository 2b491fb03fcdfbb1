"""Which leading markers move the rated score: the mean residual of headlines with each marker, taken off.

A TF-IDF ridge that never sees the marker predicts the rating (10-fold cross-validation); what is left
over on average is what the marker told the rater.
"""

import re
from collections import defaultdict

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from service.settings import HERE
from training.data import RATED
from training.dataset import read_rows

_MARKER = re.compile(r"^\s*([A-Z][A-Za-z' ]{2,20}?)(?::| \||!| [-–—]) ")
_URGENT = ("breaking", "just in", "update")
_FORM = ("in pictures", "watch", "video", "exclusive", "report", "opinion", "live", "live updates", "book review")


def run() -> None:
    """Print the table."""
    rows = list(read_rows(HERE / "var" / "data" / RATED))
    scores = np.array([row["i_score"] for row in rows], float)
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), Ridge(1.0))
    residual = scores - cross_val_predict(model, [_MARKER.sub("", row["title"]) for row in rows], scores, cv=10)
    by_marker: dict[str, list[float]] = defaultdict(list)
    for row, left in zip(rows, residual, strict=True):
        if match := _MARKER.match(row["title"]):
            by_marker[match[1].lower()].append(left)
    print("| marker | headlines | mean residual | standard error |\n|---|---|---|---|")
    for marker in (*_URGENT, *_FORM):
        values = np.array(by_marker[marker])
        if len(values) > 1:
            print(
                f"| {marker} | {len(values)} | {values.mean():+.1f} | {values.std(ddof=1) / len(values) ** 0.5:.1f} |"
            )
