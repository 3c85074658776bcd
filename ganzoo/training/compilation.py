"""Reports what torch compiles during a run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import torch

from ganzoo.errors import BackendError

_COMPILER = re.compile(r"torch\._(dynamo|inductor)|TORCHDYNAMO_VERBOSE")
_COLOUR = re.compile(r"\x1b\[\d*m")
_CAUSE = re.compile(r"\w*(Compile|Inductor|Cxx|Triton|Dynamo)\w*: .+")


class CompileWatch:
    """Notices what was compiled since it last looked."""

    def __init__(self) -> None:
        torch._dynamo.utils.counters.clear()
        self._pieces = 0
        self._breaks: set[str] = set()

    def news(self, step: int, seconds: float) -> Iterator[str]:
        """Yield a line where the step, which took so long, compiled something, and one for each new interruption."""
        counters = torch._dynamo.utils.counters
        pieces = counters["stats"]["unique_graphs"]
        if pieces > self._pieces:
            yield (
                f"step {step}: torch compiled {pieces - self._pieces} pieces of the networks, "
                f"{pieces} in all; the step took {seconds:.1f} s"
            )
            self._pieces = pieces
        breaks = {" ".join(reason.partition("Explanation:")[0].split()) for reason in counters["graph_break"]}
        for reason in sorted(breaks - self._breaks):
            yield f"step {step}: this cannot be compiled and splits a network: {reason[:200]}"
        self._breaks |= breaks


def not_compiled(error: RuntimeError) -> BackendError | None:
    """Return the explanation when it is torch's compiler that failed; Keras hands on only the text of its error."""
    if not _COMPILER.search(f"{type(error).__module__} {error}"):
        return None
    text = _COLOUR.sub("", str(error)).strip()
    cause = _CAUSE.search(text)
    return BackendError(
        f"train.compile: torch could not compile the networks: {(cause[0] if cause else text)[:300]}; "
        "it needs a C++ compiler on a CPU (install g++ or clang++) and triton on a GPU; or set train.compile=false"
    )
