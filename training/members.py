"""The trained members of a run on disk, so that a run that was stopped goes on after the last finished one."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from training.config import FitConfig
from training.dataset import Example
from training.whole import written_whole


def run_key(examples: Sequence[Example], config: FitConfig) -> str:
    """Names a run by all that it depends on: members of another run are never taken."""
    return hashlib.sha256(repr((config, list(examples))).encode()).hexdigest()[:16]


def save_member(network: nn.Module, path: Path) -> None:
    """Write the weights whole or not at all."""
    with written_whole(path) as temporary:
        save_file({name: weight.contiguous() for name, weight in network.state_dict().items()}, temporary)


def load_member(network: nn.Module, path: Path) -> bool:
    """Fill ``network`` with the weights at ``path``; False when there are none."""
    if not path.is_file():
        return False
    network.load_state_dict(load_file(path))
    return True


def average_into(network: nn.Module, others: Sequence[nn.Module]) -> None:
    """Make ``network`` the mean of itself and ``others`` weight by weight ("model soup", Wortsman et al. 2022,
    arXiv:2203.05482): members that start from the same weights may be averaged, and one network is served."""
    with torch.no_grad():
        for parameters in zip(network.parameters(), *(other.parameters() for other in others), strict=True):
            parameters[0].copy_(torch.stack(parameters).mean(0))
