import keras
import torch
from ganzoo_generation import ganzoo_register_tasks
from ganzoo_mlp import ganzoo_register_architectures
from ganzoo_regularizers import ganzoo_register_regularizers

from ganzoo import AdversarialLoss, AdversarialModel, Field, WiredLoss, WiredRegularizer

REGULARIZERS = ganzoo_register_regularizers()
BATCH = {"sample": torch.randn(8, 2, generator=torch.Generator().manual_seed(0))}


class Wasserstein(AdversarialLoss):
    def discriminator_loss(self, real_logits, fake_logits):
        return fake_logits.mean() - real_logits.mean()

    def generator_loss(self, fake_logits):
        return -fake_logits.mean()


#: Packing changes the shape of what those after it see, and latent_consistency judges single fakes.
ALL = (*sorted(set(REGULARIZERS) - {"packing", "latent_consistency"}), "packing")


def compiled(regularizers=ALL) -> AdversarialModel:
    """A game on points in which every regularizer takes part."""
    keras.utils.set_random_seed(0)
    task = ganzoo_register_tasks()["generation"](field="point", latent_dim=3)
    specs = task.networks({"point": Field(shape=(2,))}, {})
    architectures = ganzoo_register_architectures()
    signatures = {spec.name: spec.signature for spec in specs}
    for name in regularizers:
        signatures["discriminator"] = REGULARIZERS[name]().discriminator_signature(signatures["discriminator"])
    networks = {name: architectures[f"mlp_{name}"](hidden=8).build(each) for name, each in signatures.items()}
    model = AdversarialModel(task=task, networks=networks, specs=specs, seed=0)
    model.compile(
        losses=[WiredLoss(key="wasserstein", loss=Wasserstein())],
        regularizers=[WiredRegularizer(key=name, regularizer=REGULARIZERS[name]()) for name in regularizers],
        optimizers={name: keras.optimizers.Adam(1e-3) for name in ("generator", "discriminator")},
        phases=[("train", 10)],
    )
    return model


def state_of(model: AdversarialModel) -> dict[str, torch.Tensor]:
    return {name: variable.value.detach().clone() for name, variable in model.state().items()}


def test_generation_trains_with_every_regularizer():
    model = compiled()
    logs = [model.train_step(BATCH) for _ in range(3)][-1]
    penalties = {name.removeprefix("discriminator/") for name in logs if name.startswith("discriminator/")}
    assert {"wasserstein", "gradient_penalty", "r1", "historical_averaging"} <= penalties
    assert "generator/mode_seeking" in logs
    assert all(torch.isfinite(value) for value in logs.values())


def test_weight_clipping_holds_after_every_update():
    model = compiled(["weight_clipping"])
    model.train_step(BATCH)
    largest = max(weight.value.abs().max().item() for weight in model.networks["discriminator"].trainable_variables)
    assert largest <= 0.01 + 1e-9


def test_a_resumed_run_with_every_regularizer_is_the_same_to_the_last_bit():
    whole = compiled()
    for _ in range(2):
        whole.train_step(BATCH)
    saved = state_of(whole)
    whole.train_step(BATCH)

    resumed = compiled()
    resumed.prepare(BATCH)
    resumed.restore(saved, 2)
    resumed.train_step(BATCH)
    expected = state_of(whole)
    for name, value in state_of(resumed).items():
        assert torch.equal(value, expected[name]), name
