"""The last layer in closed form: least squares on labelled headlines, held near what training left.

Training weighs the top of the scale more and pulls families together, which lifts all scores by a point or two; and
of ten labels among 200,000 examples a network remembers the band, not the order. Here only labels of real headlines
count, without dropout, batches or steps. Ridge regression towards the given weights (Hoerl and Kennard 1970).
"""

from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from training.config import TOP, FitConfig
from training.dataset import Example
from training.fitted import Fitted


def refit(fitted: Fitted, examples: Sequence[Example], config: FitConfig) -> None:
    """Move the last layer of ``fitted.network`` to where labelled headlines have the least squared error."""
    judged = [example for example in examples if example.weight and not (example.family or example.once)]
    if not judged:
        return
    texts, labels = [one.text for one in judged], np.array([one.i_score for one in judged])
    *body, last = fitted.network
    network = SentenceTransformer(modules=body, device="cpu")
    hidden = network.encode(texts, batch_size=64, convert_to_numpy=True, show_progress_bar=False).astype(np.float64)
    inputs = np.column_stack([hidden, np.ones(len(texts))])
    layer = np.append(last.linear.weight.detach().numpy()[0], last.linear.bias.detach().numpy()).astype(np.float64)
    scores = fitted.combined(inputs @ layer * fitted.deviation + fitted.mean, texts)
    missing = (labels - scores) / ((1 - fitted.lexical_share) * fitted.deviation)
    # Squared: 129 numbers listen less to one heavy label among 20,000 than a network does.
    weights = np.array([one.weight**2 for one in judged]) * np.where(labels >= TOP, config.refit_top_weight, 1.0)
    penalty = np.diag(np.append(np.full(hidden.shape[1], config.refit_penalty), 0.0))  # the intercept is free
    change = np.linalg.solve(inputs.T * weights @ inputs + penalty, inputs.T @ (weights * missing))
    with torch.no_grad():
        last.linear.weight += torch.from_numpy(change[None, :-1]).float()
        last.linear.bias += torch.from_numpy(change[-1:]).float()
