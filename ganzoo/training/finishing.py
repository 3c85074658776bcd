"""What a run leaves at its end, or where it stands: networks, scores, pictures of held-out results."""

from __future__ import annotations

from ganzoo.assembly import product_architectures
from ganzoo.contracts.results import OpenTraining, Picture, Sources
from ganzoo.recipe import Recipe
from ganzoo.runs import files
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.optional import OptionalOutput
from ganzoo.training.evaluation import Note, Scores, evaluate, scores_record
from ganzoo.training.export import Gallery, export_networks
from ganzoo.training.reload import trained_networks


def export_and_score(
    recipe: Recipe, run: RunFolder, *, held_out: Sources | None, training: OpenTraining, note: Note
) -> tuple[Scores | None, int]:
    """Export the products of the newest checkpoint that verifies, and score them on held-out data, if there are any.

    Returns the scores, and after how many steps they are. The bytes are the same whichever process writes them; no
    state, log or manifest is touched. `training` opens the training data for metrics that compare with them.
    """
    trained, step = trained_networks(run, recipe, note=note)
    products = product_architectures(recipe, trained.fields, trained.fitted)
    run.require()
    export_networks(run, trained.networks, products)
    if held_out is None or not recipe.metrics:
        return None, step
    optional = OptionalOutput(run, note)

    def show(name: str, picture: Picture) -> None:
        optional("held-out pictures", lambda: run.write_picture(run.held_out / name, picture))

    # an earlier process may have written pictures of other held-out data
    optional("held-out pictures", run.clear_held_out)
    scores = evaluate(
        recipe,
        trained,
        held_out,
        products=products,
        training=training,
        show=Gallery(show),
        note=note,
    )
    files.write_durably(run.evaluation, files.to_json(scores_record(scores, step)))
    return scores, step
