"""Gradients that vanish or explode, for each player and layer."""

from __future__ import annotations

from collections.abc import Iterator

from ganzoo.contracts.regularizer import PLAYERS
from ganzoo.diagnosis.history import History, Series
from ganzoo.diagnosis.plan import Plan
from ganzoo.diagnosis.progress import stays
from ganzoo.diagnosis.verdict import Verdict

#: Adam divides by the gradient's size plus 1e-7: far below that, weights do not move any more.
_VANISHED = 1e-9
#: Gradients explode when they are so many times what they were at least; below the other number they count as that.
_EXPLODED, _SMALL = 1000.0, 0.1
_POINTS = 4


def gradients(history: History, plan: Plan) -> Iterator[Verdict]:
    """Judge by the gradient of each player, and of its weakest and strongest layer."""
    for player in PLAYERS:
        weakest = history.series(f"doctor/weakest_gradient/{player}")
        last = weakest.lasting(weakest.smooth < _VANISHED)
        if last >= _POINTS:
            yield _vanishing(player, weakest, last, history, plan)
        yield from _exploding(player, history, plan)


def _vanishing(player: str, weakest: Series, last: int, history: History, plan: Plan) -> Verdict:
    layer = int(history.series(f"doctor/weakest_layer/{player}").values[-1])
    return Verdict(
        kind="vanishing_gradient",
        severity="failure",
        since=int(weakest.steps[-last]),
        player=player,
        what=f"the {player}'s layer {layer} (counted from the input) has no gradient ({weakest.smooth[-1]:.1g})",
        cause=(
            "units that are 0 for every input, an activation that is flat where it is, or a loss that is flat "
            "where the discriminator wins"
        ),
        change=(
            f'[{player}]: fewer layers, activation = "leaky_relu" or a normalization, where the network has them; '
            f"or lower {plan.rate(player)}, which may have driven the units there"
        ),
    )


def _exploding(player: str, history: History, plan: Plan) -> Iterator[Verdict]:
    norms = history.series(f"gradient_norm/{player}")
    if len(norms) < _POINTS:
        return
    least = max(float(norms.smooth.min()), _SMALL)
    last = norms.lasting(norms.smooth > _EXPLODED * least)
    if last < _POINTS:
        return
    strongest = history.series(f"doctor/strongest_layer/{player}")
    layer = f", most in layer {int(strongest.values[-1])} (counted from the input)" if len(strongest) else ""
    yield Verdict(
        kind="exploding_gradient",
        severity="failure" if stays(history) else "warning",
        since=int(norms.steps[-last]),
        player=player,
        what=f"the {player}'s gradient is {norms.smooth[-1] / least:.0f} times what it was at least{layer}",
        cause="a learning rate that is too high, or a discriminator that nothing keeps from getting steeper",
        change=f"lower {plan.rate(player)}; or set train.clip_norm"
        + ("" if plan.has_penalty else '; or add [[regularizers]] name = "gradient_penalty"'),
    )
