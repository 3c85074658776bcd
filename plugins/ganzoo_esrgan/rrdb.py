"""The generator of ESRGAN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from ganzoo import Architecture, Field, Network, Signature, Variable
from ganzoo_esrgan.state_dict import Sizes, convolutions, sizes_of

#: A side that every `unshuffle` divides.
_SIDE = 16


@dataclass(frozen=True, kw_only=True)
class RRDB(Architecture):
    """The generator of ESRGAN: residual-in-residual dense blocks, then nearest enlargements (arXiv 1809.00219).

    3x3 convolution; `blocks` of three dense blocks, each of five 3x3 convolutions that see all before them: `growth`
    channels and LeakyReLU 0.2 four times, `filters` channels at the end; 0.2 times the last is added to a dense block's
    input, and 0.2 times the third dense block to a block's; 3x3 convolution and the long skip; for each factor of 2 (or
    one of 3) nearest enlargement, 3x3 convolution and LeakyReLU; 3x3 convolution, LeakyReLU, 3x3 convolution to RGB. No
    normalization. 16,697,987 weights at x4; 4,467,779 with 6 blocks.

    With `unshuffle` the blocks work at a smaller size: squares of 2 or 4 pixels a side become channels first, and the
    network enlarges by so much more after its blocks, as Real-ESRGAN's networks for x2 (`unshuffle` 2) and x1 (4) do.
    Sides that are not multiples are reflected at the end, and the result is cut: only `safetensors` files hold that.

    Inside, images are in [0, 1], as in the authors' code. Kernels of dense blocks start from He's normal distribution
    times 0.1, the others uniform with variance 1 / (3 fan_in), biases at 0. Works at any image size.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    blocks: Annotated[int, Ge(1), Le(512)] = 23
    growth: Annotated[int, Ge(1), Le(4_096)] = 32
    unshuffle: Literal[1, 2, 4] = 1

    def build(self, signature: Signature) -> Network:
        from ganzoo_esrgan import networks

        return networks.rrdb(self, signature)

    def state_dict_names(self, network: Network) -> Sequence[Mapping[str, Variable]]:
        """Return the keys of BasicSR, of the first ESRGAN and of BSRGAN; none for x3, which others take for x2."""
        from ganzoo_esrgan import networks

        factors = networks.enlargements(network)
        if 3 in factors:
            return ()
        sizes = Sizes(
            filters=self.filters,
            blocks=self.blocks,
            growth=self.growth,
            doublings=len(factors),
            unshuffle=self.unshuffle,
        )
        found: tuple[dict[str, Variable], ...] = ({}, {}, {})
        for each in convolutions(sizes):
            layer = network.get_layer(each.layer)
            for names, key in zip(found, each.keys, strict=True):
                names |= {f"{key}.weight": layer.kernel, f"{key}.bias": layer.bias}
        return found

    @classmethod
    def from_state_dict(cls, shapes: Mapping[str, tuple[int, ...]]) -> tuple[Architecture, Signature] | None:
        sizes = sizes_of(shapes)
        if sizes is None or 2**sizes.doublings % sizes.unshuffle:
            return None
        unshuffle = sizes.unshuffle
        made = cls(filters=sizes.filters, blocks=sizes.blocks, growth=sizes.growth, unshuffle=unshuffle)
        small, large = (
            Field(shape=(side, side, 3), low=-1, high=1) for side in (_SIDE, _SIDE * 2**sizes.doublings // unshuffle)
        )
        return made, Signature(inputs={"image": small}, outputs={"image": large})
