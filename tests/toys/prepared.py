"""Models of shipped recipes, ready for their first step."""

from __future__ import annotations

import ganzoo


def prepared(name, *overrides):
    """Return a prepared model of a recipe's smoke profile, and a batch for it."""
    recipe = ganzoo.load_recipe(name, zoo=ganzoo.load_zoo(), profile="smoke", overrides=overrides)
    data = ganzoo.open_data(recipe)
    model = ganzoo.build_model(recipe, ganzoo.assemble(recipe, data.fields, data.fitted), data.fitted)
    batch = next(iter(ganzoo.batches(recipe, data)))
    model.prepare(batch)
    return model, batch
