"""The weights of a network as a `.safetensors` file with the keys of its published PyTorch counterpart."""

from __future__ import annotations

from ganzoo.errors import RecipeError
from ganzoo.exporting.product import Product
from ganzoo.runs.safetensors import pack_safetensors
from ganzoo.training.state_dict import state_dict_names, to_state_dict

#: Facts about ganzoo's network that do not hold for the other, whose images are channels first.
_OURS = ("inputs", "outputs")


def export_state_dict(product: Product) -> bytes:
    """Return the weights as other programs expect them; RecipeError where none knows the network."""
    if product.architecture is None:
        raise RecipeError(
            f"network '{product.name}': its file does not say what it was built from; export the run that trained it"
        )
    names = state_dict_names(product.architecture, product.network)
    if not names:
        raise RecipeError(
            f"network '{product.name}': there is no published state dict of {type(product.architecture).__name__} with "
            "these options; export it to keras, onnx, torch or safetensors"
        )
    facts = {name: text for name, text in product.facts.items() if name not in _OURS}
    return pack_safetensors(to_state_dict(names[0]), facts)
