"""How a network runs in training, put together in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganzoo.execution.fast_call import use_fast_call
from ganzoo.execution.graph import direct_call
from ganzoo.execution.modes import compiled_in_training, with_float32_outputs

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network


def prepare_execution(network: Network, *, precision: str = "float32", compile: bool = False) -> Network:  # noqa: A002
    """Give a network its fast `call`, and return it.

    The order matters: the direct call comes first, because it replaces Keras' own; float32 outputs surround it, so
    that they are compiled with it; compilation comes last, because it must see everything below.
    """
    direct, keras_way = direct_call(network), network.call
    call = keras_way if direct is None else direct.call
    if precision != "float32":
        call = with_float32_outputs(call)
    if compile:
        call = compiled_in_training(call)
    if call is not keras_way:
        network.call = call
    if direct is not None and direct.standalone is not None and call is direct.call:
        use_fast_call(network, direct.standalone)
    return network
