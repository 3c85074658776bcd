"""The score of real examples in the place of generated ones: no generator is asked to beat it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ganzoo.contracts.dataset import Source
from ganzoo.contracts.results import Result, Sources
from ganzoo.errors import DataError, RecipeError, listing
from ganzoo.randomness import Random
from ganzoo.sampling import stack_examples

FLOOR = "floor"


def with_floor(found: Iterable[Result], product: str, training: Sources, rng: Random) -> Iterator[Result]:
    """Yield the results, and for each of the product one of the method `floor` with as many training examples.

    They are drawn without replacement and compared with the same held-out examples. RecipeError where the results are
    no sets of examples, DataError where there are too few training examples.
    """
    taken = 0
    for result in found:
        yield result
        if result.method != product:
            continue
        source, names = _source_of(result, training)
        if taken == 0:
            order = rng.permutation(len(source)).cpu().numpy()
        places = order[taken : taken + result.examples]
        taken += result.examples
        if len(places) < result.examples:
            raise DataError(f"floor: {taken} training examples are needed, there are {len(source)}")
        reals = stack_examples(source, places, names)
        yield Result(method=FLOOR, output=reals, target=result.target, examples=result.examples)


def _source_of(result: Result, training: Sources) -> tuple[Source, list[str]]:
    """Return the stream that has the fields of a result, and these fields."""
    if any(len(values) != result.examples for values in result.output.values()):
        raise RecipeError("floor: the results of this task are not sets of examples, of which real ones could be one")
    for source in training.values():
        names = [name for name in result.output if name in source.fields]
        if names:
            return source, names
    raise RecipeError(f"floor: no training data have a field of the results ({listing(result.output)})")
