"""What a network draws itself when it is used: dropout that stays on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network
    from ganzoo.randomness import Random


def reseed(network: Network, rng: Random) -> None:
    """Let all that a network draws itself, from here on, follow from these random numbers."""
    from ganzoo.execution.seeding import reseed_network

    reseed_network(network, int(rng.integers((1,), 0, 2**31)), "sampling", 0)
