"""Orthogonal regularization of BigGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ganzoo import Player, Regularizer, Step, Tensor


@dataclass(frozen=True, kw_only=True)
class Orthogonal(Regularizer):
    """Penalises filters that are not orthogonal, whatever their length: ||W W^T o (1 - I)||^2 / 2 (arXiv 1809.11096).

    W has a row for each output of a kernel; the sum is over all kernels of the player. Embeddings and what has one axis
    are spared. The factor 1/2 makes the gradient that of the authors' code, 2 (W W^T o (1 - I)) W; their weight is
    1e-4, for the generator. A kernel's outputs are on its last axis, which those of transposed convolutions have not.
    """

    player: Literal["generator", "discriminator"] = "generator"

    def weight_penalty(self, player: Player, *, step: Step) -> Tensor:
        import torch

        if player.name != self.player:
            return torch.zeros(())
        kernels = [variable.value for variable in player.variables if variable.name == "kernel"]
        return torch.stack([_overlap(kernel) for kernel in kernels]).sum()


def _overlap(kernel: Tensor) -> Tensor:
    import torch

    rows = kernel.reshape(-1, kernel.shape[-1]).T
    products = rows @ rows.T
    overlap: Tensor = (products - torch.diag(products.diagonal())).square().sum() / 2
    return overlap
