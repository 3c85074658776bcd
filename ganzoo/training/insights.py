"""What trained networks show beside their scores: features, latents, what a discriminator looks at, gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
import torch

from ganzoo import images
from ganzoo.assembly import assemble, training_device
from ganzoo.contracts.comparison import Comparison, logit_maps
from ganzoo.contracts.results import Trained
from ganzoo.contracts.task import NetworkSpec, View
from ganzoo.contracts.tensor import Array, Network, Tensor
from ganzoo.data.loader import StepBatches
from ganzoo.data.opening import TrainingData, open_sources
from ganzoo.errors import GanzooError, Stopped, printable
from ganzoo.randomness import Random
from ganzoo.recipe import Recipe
from ganzoo.reporting import plots
from ganzoo.reporting.page import Insight
from ganzoo.reporting.projections import principal_components, t_sne
from ganzoo.runs.folder import RunFolder
from ganzoo.sampling import call_network, draw, in_chunks, to_edge
from ganzoo.schema.options import options
from ganzoo.training.objective import Objective
from ganzoo.training.reload import trained_networks
from ganzoo.training.setup import build_model

_EXAMPLES = 300
_SHOWN = 8
_STEPS = 8
_MOST_LATENTS = 128
_LATENTS_AT_ONCE = 16
_IMAGE_AXES = 4
_PLANE = 60


class LeftOut(Exception):
    """Why a part cannot be computed for this run."""


def insights(run: RunFolder, recipe: Recipe) -> list[Insight]:
    """Return every part for the newest state of a run; one that cannot be computed says why."""
    with training_device(recipe.train.device):
        state = _State(run, recipe)
        parts: Mapping[str, Callable[[_State], Iterator[Any]]] = {
            "Features of real and generated examples": _features,
            "What the discriminator looks at": _attention,
            "Interpolations": _interpolations,
            "Sensitivity to latents": _sensitivity,
            "Gradients": _gradients,
        }
        return [_computed(title, part, state) for title, part in parts.items()]


def _computed(title: str, part: Callable[[_State], Iterator[Any]], state: _State) -> Insight:
    """Return what a part yields: its explanation, figures with their legends, pictures with their captions."""
    models, pictures, explanation = [], [], ""
    try:
        for made in part(state):
            if isinstance(made, str):
                explanation = made
            elif isinstance(made[1], str):
                pictures.append(made)
            else:
                models.append(made)
    except (Stopped, KeyboardInterrupt):
        raise
    except (LeftOut, GanzooError) as reason:
        return Insight(title, "", reason=printable(str(reason))[:500])
    except Exception as error:  # a network of a plugin may refuse anything
        return Insight(title, "", reason=printable(f"{type(error).__name__}: {error}")[:500])
    return Insight(title, explanation, models, pictures)


@dataclass
class _State:
    """The newest networks of a run, and a batch of its training data; each is loaded when it is first asked for."""

    run: RunFolder
    recipe: Recipe

    @cached_property
    def loaded(self) -> tuple[Trained, int]:
        return trained_networks(self.run, self.recipe)

    @property
    def trained(self) -> Trained:
        return self.loaded[0]

    @cached_property
    def specs(self) -> Mapping[str, NetworkSpec]:
        trained = self.trained
        return {spec.name: spec for spec in self.recipe.task.networks(trained.fields, trained.fitted)}

    @cached_property
    def data(self) -> TrainingData:
        return TrainingData(open_sources(self.recipe.data), self.run.read_fitted())

    @cached_property
    def last(self) -> int:
        return max(self.loaded[1] - 1, 0)

    def views(self, count: int) -> Iterator[View]:
        """Yield views of the last batches, with so many rows together, and with fakes."""
        batches, left, step = StepBatches.of(self.recipe, self.data), count, self.last
        while left > 0:
            batch = batches.tensors(step)
            rows = max(len(values) for values in batch.values())
            view = View(
                networks=self.trained.networks,
                batch=batch,
                count=rows,
                step=self.recipe.timeline.at(self.last),
                rng=Random(self.recipe.train.seed, "report", step),
                training=False,
                fitted=self.trained.fitted,
            )
            with torch.no_grad():
                fakes = self.recipe.task.generate(view)
            yield replace(view, fakes=fakes)
            left, step = left - rows, step + 1

    def comparison(self, view: View) -> Comparison:
        """Return the first comparison that the losses of the recipe use at the end of the run."""
        if not any(spec.player == "discriminator" and spec.name in view.networks for spec in self.specs.values()):
            raise LeftOut("no discriminator is trained by this recipe")
        objective = Objective(
            self.recipe.task,
            self.recipe.losses,
            (),
            stream=lambda name, _step: Random(0, name),
            float32_eager=nullcontext,
        )
        found = objective.compare(view)
        if not found:
            raise LeftOut("the task compares nothing at the end of the run")
        return next(iter(found.values()))

    def latents(self) -> tuple[str, dict[str, Tensor], str]:
        """Return a product, inputs of it, and the name of the latents among them."""
        view = next(self.views(_LATENTS_AT_ONCE))
        for name, spec in self.specs.items():
            inputs = {key: value for key, value in view.fakes.items() if key in spec.signature.inputs}
            given = spec.is_product and len(inputs) == len(spec.signature.inputs)
            for key, value in inputs.items() if given else ():
                if value.ndim == 2 and value.shape[1] > 1 and value.dtype.is_floating_point:
                    return name, {each: tensor[:_LATENTS_AT_ONCE] for each, tensor in inputs.items()}, key
        raise LeftOut("the task has no network that is given latents")


# -- features ----------------------------------------------------------------------------------------------------------


def _features(state: _State) -> Iterator[Any]:
    real: list[Array] = []
    fake: list[Array] = []
    for view in state.views(_EXAMPLES):
        taps = {
            name: _Tap(view.networks[name])
            for name, spec in state.specs.items()
            if spec.player == "discriminator" and name in view.networks
        }
        tapped = replace(view, networks={**view.networks, **taps})
        comparison = state.comparison(tapped)
        for judged, samples, found in (
            (comparison.outputs, comparison.real, real),
            (comparison.fake_outputs, comparison.fake, fake),
        ):
            with torch.no_grad():
                judged(samples)
            found.append(np.concatenate([each for tap in taps.values() for each in tap.taken()], axis=1))
    groups = {
        "real": np.concatenate(real)[:_EXAMPLES],
        "generated": np.concatenate(fake)[:_EXAMPLES],
    }
    projected, shares = principal_components(groups)
    yield (
        "Activations before the logits of the discriminator, in two dimensions. Where both clouds lie apart, the "
        "discriminator tells them apart; where the generated one is smaller, variety is missing."
    )
    yield plots.points(f"PCA, {shares[0]:.0%} and {shares[1]:.0%} of the variance", projected)
    embedded = t_sne(groups)
    if embedded is not None:
        yield plots.points("t-SNE", embedded, "distances between far points mean nothing")


class _Tap:
    """A network that keeps what its last layer with weights is given."""

    def __init__(self, network: Network) -> None:
        self._network = network
        last = [layer for layer in network.layers if layer.trainable_weights][-1]
        self._features = keras.Model(network.input, last.input)
        self._seen: list[Array] = []

    def __call__(self, inputs: Any, **settings: Any) -> Any:
        found = self._features(inputs, training=False)
        axes = tuple(range(1, found.ndim - 1))
        self._seen.append((found.mean(axis=axes) if axes else found).detach().cpu().numpy())
        return self._network(inputs, **settings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def taken(self) -> list[Array]:
        """Return what was kept, and forget it."""
        seen, self._seen = self._seen, []
        return seen


# -- what a discriminator looks at -------------------------------------------------------------------------------------


def _attention(state: _State) -> Iterator[Any]:
    view = next(state.views(1))
    comparison = state.comparison(view)
    if comparison.real.ndim == _IMAGE_AXES and comparison.real.shape[-1] in (1, 3):
        yield (
            "How strongly the logit changes with each pixel (the absolute gradient, red), above the example itself. A "
            "discriminator that looks at single corners or at noise has found a shortcut."
        )
        yield _saliency(comparison.outputs, comparison.real), "real"
        yield _saliency(comparison.fake_outputs, comparison.fake), "generated"
    elif comparison.real.shape[1:] == (2,) and comparison.one_batch:
        yield "The logits of the discriminator in the plane: positive where it takes a point for real."
        yield _plane(comparison)
    else:
        raise LeftOut("what is compared is neither images nor points of a plane")


def _saliency(judge: Callable[[Tensor], Mapping[str, Any]], samples: Tensor) -> Array:
    """Return a grid of the first samples with the gradient of their logits above them."""
    given = samples.detach().clone().requires_grad_()
    logits = torch.stack([each.flatten(1).mean(dim=1).sum() for each in logit_maps(judge(given))]).sum()
    (gradient,) = torch.autograd.grad(logits, given)
    shown = to_edge(given[:_SHOWN].detach().cpu().numpy())
    strength = gradient[:_SHOWN].abs().mean(dim=-1).cpu().numpy()
    strength /= np.maximum(np.quantile(strength, 0.99, axis=(1, 2), keepdims=True), 1e-12)
    heat = np.clip(strength, 0, 1)[..., None]
    grey = np.broadcast_to(shown.mean(axis=-1, keepdims=True), (*shown.shape[:3], 3))
    maps = (0.45 * grey * (1 - heat) + heat * np.array([255.0, 60.0, 30.0])).astype(np.uint8)
    rgb = np.broadcast_to(shown, maps.shape)
    return images.grid([*maps, *rgb], columns=len(maps))


def _plane(comparison: Comparison) -> Any:
    points = torch.cat([comparison.real, comparison.fake]).detach()
    low, high = points.amin(dim=0), points.amax(dim=0)
    low, high = low - 0.15 * (high - low), high + 0.15 * (high - low)
    axes = [torch.linspace(float(low[axis]), float(high[axis]), _PLANE, device=points.device) for axis in (0, 1)]
    grid = torch.stack(torch.meshgrid(*axes, indexing="xy"), dim=-1).reshape(-1, 2)
    logits = in_chunks(lambda part: logit_maps(comparison.outputs(part))[0].reshape(-1), grid)
    extent = (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    kept = {name: part[:200].detach().cpu().numpy() for name, part in _sides(comparison).items()}
    return plots.plane("logits", logits.reshape(_PLANE, _PLANE), extent, kept)


def _sides(comparison: Comparison) -> dict[str, Tensor]:
    return {"real": comparison.real, "generated": comparison.fake}


# -- latents -----------------------------------------------------------------------------------------------------------


def _interpolations(state: _State) -> Iterator[Any]:
    task = state.recipe.task
    if not any(option.name == "interpolate" for option in options(task.sampling)):
        raise LeftOut("the task draws nothing between two latents")
    rows = 4
    cls: Any = task.sampling
    made = task.draw_samples(
        state.trained, count=rows * _STEPS, rng=Random(0, "report"), options=cls(interpolate=_STEPS)
    )
    yield (
        f"{rows} ways from one latent to another in {_STEPS} steps. A generator that has learned its latents changes "
        "steadily; one that has memorized jumps."
    )
    if isinstance(made, np.ndarray) and made.ndim == _IMAGE_AXES and made.shape[-1] in (1, 3):
        yield draw(made, columns=_STEPS), "each row is one way"
    elif isinstance(made, np.ndarray) and made.ndim == 2 and made.shape[1] == 2:
        ways = made.reshape(rows, _STEPS, 2)
        yield plots.points("points on the ways", {f"way {index + 1}": way for index, way in enumerate(ways)})
    else:
        raise LeftOut("what is generated is neither images nor points of a plane")


def _sensitivity(state: _State) -> Iterator[Any]:
    name, inputs, key = state.latents()
    network = state.trained.networks[name]
    base = _output(network, inputs)
    changes = []
    for index in range(min(inputs[key].shape[1], _MOST_LATENTS)):
        moved = inputs[key].clone()
        moved[:, index] += 1.0
        changes.append(float((_output(network, {**inputs, key: moved}) - base).abs().mean()))
    order = np.argsort(changes)[::-1]
    ranked = [changes[index] for index in order]
    yield (
        f"How much the output of '{name}' changes on average when one value of '{key}' grows by 1, from the strongest "
        "to the weakest. Values that change nothing are unused; one that changes far more than others dominates."
    )
    yield plots.bars("mean absolute change", ranked, f"strongest are the values {', '.join(map(str, order[:5]))}")
    if base.ndim == _IMAGE_AXES and base.shape[-1] in (1, 3):
        first = {each: value[:1].repeat_interleave(_STEPS, dim=0) for each, value in inputs.items()}
        rows = []
        for index in order[:4]:
            moved = first[key].clone()
            moved[:, index] = torch.linspace(-2.5, 2.5, _STEPS, device=moved.device)
            rows.append(to_edge(_output(network, {**first, key: moved}).cpu().numpy()))
        told = ", ".join(str(index) for index in order[:4])
        yield draw(np.concatenate(rows), columns=_STEPS), f"one sample; values {told} go from -2.5 to 2.5"


def _output(network: Network, inputs: Mapping[str, Tensor]) -> Tensor:
    with torch.no_grad():
        made = call_network(network, inputs)
    tensor: Tensor = next(iter(made.values())) if isinstance(made, Mapping) else made
    return tensor


# -- gradients ---------------------------------------------------------------------------------------------------------


def _gradients(state: _State) -> Iterator[Any]:
    recipe, data = state.recipe, state.data
    model = build_model(recipe, assemble(recipe, data.fields, data.fitted), data.fitted)
    batches = StepBatches.of(recipe, data)
    firsts = dict(batches.first_of_phases())
    model.prepare(next(iter(firsts.values())), firsts)
    loaded, _ = state.run.checkpoints().load_newest(model.state(), recipe=recipe.digest())
    if loaded is None:
        raise LeftOut("the run has no checkpoint that can be loaded")
    model.restore(loaded.values, loaded.step)
    model.step_number = state.last
    model.turns.make_due(model.timeline.at(state.last))
    recorders = {name: _Recorder(group) for name, group in model.optimizer_groups.items()}
    model.optimizer_groups.update(recorders)  # type: ignore[arg-type]
    model.train_step(batches.tensors(state.last))
    yield (
        "The gradients of one batch, by player, as the optimizer receives them: the logarithm of their absolute "
        "values. A player whose gradients are many orders smaller than the other's learns nothing any more."
    )
    found = {str(name): recorder.logarithms() for name, recorder in recorders.items() if recorder.gradients}
    edges = np.histogram_bin_edges(np.concatenate(list(found.values())), bins=50)
    counts = {
        name: (np.histogram(values, edges, density=True)[0].tolist(), edges.tolist()) for name, values in found.items()
    }
    yield plots.histograms("log10 of absolute gradients", counts, "the area of each player is 1")


class _Recorder:
    """The optimizers of a player, which only note the gradients that they are given."""

    def __init__(self, group: Any) -> None:
        self._group = group
        self.gradients: list[Array] = []

    def apply(self, gradients: Any, _variables: Any) -> None:
        self.gradients += [gradient.detach().cpu().numpy().ravel() for gradient in gradients]

    def logarithms(self) -> Array:
        """Return the logarithms to base 10 of the gradients that are not 0."""
        values = np.abs(np.concatenate(self.gradients))
        found: Array = np.log10(values[values > 0])
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._group, name)
