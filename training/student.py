"""The network that is served: small, trained from scratch on what a teacher and the labels say."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from service.encoder import MAX_TOKENS
from training.config import StudentConfig

_SCALE = 0.3  # of the word vectors that training starts from, beside layers that keep their input's scale


class Student(nn.Module):
    """Transformer layers with the norm in front (Xiong et al. 2020, arXiv:2002.04745), mean and attention pooling.

    What is computed once a title, behind the pooling, costs little beside what is computed for each of its tokens.

    ``words`` (pieces, width) are the word vectors to start from, of any scale.
    """

    def __init__(self, words: np.ndarray, config: StudentConfig) -> None:
        super().__init__()
        start = torch.from_numpy(words / words.std() * _SCALE).float().contiguous()
        self.words = nn.Embedding.from_pretrained(start, freeze=False)
        self.positions = nn.Parameter(torch.randn(MAX_TOKENS, config.width) * 0.02)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.attention = nn.Linear(config.width, config.heads)
        self.hidden = nn.Linear((1 + config.heads) * config.width, config.hidden)
        self.dense = nn.Linear(config.hidden, config.vector)

    def forward(self, ids: Tensor, there: Tensor | None = None) -> Tensor:
        """Vectors (batch, config.vector) of token ids (batch, tokens); ``there`` is False at padding, None: none."""
        return self.vectors(self.pooled(ids, there))

    def pooled(self, ids: Tensor, there: Tensor | None = None) -> Tensor:
        """Means of a title's last states, plain and by each head's attention, (batch, (1 + heads) * width)."""
        states = self.dropout(self.words(ids) + self.positions[: ids.shape[1]])
        for layer in self.layers:
            states = layer(states, there)
        states = self.norm(states)
        # A head that attends to all alike is the plain mean. One product of matrices a title: kernels for sums would
        # add up in another order for one title than for many.
        asked = functional.pad(self.attention(states), (1, 0)).transpose(1, 2)
        if there is not None:
            asked = asked.masked_fill(~there[:, None, :], -1e9)
        return (torch.softmax(asked, -1) @ states).flatten(1)

    def vectors(self, pooled: Tensor) -> Tensor:
        """What the heads read, (batch, config.vector)."""
        hidden = functional.gelu(self.hidden(pooled), approximate="tanh")
        return functional.gelu(self.dense(hidden), approximate="tanh")


class _Layer(nn.Module):
    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.before_attention, self.before_inner = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked, self.told = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.inner, self.outer = nn.Linear(width, config.inner), nn.Linear(config.inner, width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, states: Tensor, there: Tensor | None) -> Tensor:
        batch, tokens, width = states.shape
        asked = self.asked(self.before_attention(states)).view(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = asked.permute(2, 0, 3, 1, 4)
        mask = None if there is None else there[:, None, None, :]
        told = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        states = states + self.dropout(self.told(told.transpose(1, 2).reshape(batch, tokens, width)))
        inner = functional.gelu(self.inner(self.before_inner(states)), approximate="tanh")
        return states + self.dropout(self.outer(inner))
