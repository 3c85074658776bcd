"""Every component of the zoo keeps its contract; what is tiny for a new one is stated beside its plugin's tests."""

from __future__ import annotations

import runpy
from pathlib import Path

import keras
import numpy as np
import pytest
import torch
from contract_case import Case

from ganzoo import Architecture, DataError, Features, load_zoo
from ganzoo.execution.batches import concatenated_batch
from ganzoo.execution.mixing import is_per_sample
from ganzoo.schema.build import construct
from ganzoo.testing import (
    check_architecture,
    check_component,
    check_dataset,
    check_degradation,
    check_loss,
    check_metric,
    check_regularizer,
    check_task,
)

ZOO = load_zoo()
#: Components of other distributions that happen to be installed have tests of their own.
BUNDLED = [
    (kind, name, cls) for kind, name, cls in ZOO.components() if ZOO.owner(kind, name).distribution == "keras-ganzoo"
]
FILES = sorted((Path(__file__).parents[1] / "plugins").glob("*/contract.py"))
CASES = {name: case for file in FILES for name, case in runpy.run_path(str(file))["CONTRACT"].items()}

PHOTO = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)


def case(name):
    return CASES.get(name, Case())


def of(kind, base=object):
    return [pytest.param(name, cls, id=name) for found, name, cls in BUNDLED if found == kind and issubclass(cls, base)]


def made(cls, name):
    return construct(cls, dict(case(name).options), zoo=ZOO).component


def test_each_case_is_that_of_a_component():
    assert set(CASES) <= {name for _, name, _ in BUNDLED}


@pytest.mark.parametrize(("kind", "name", "cls"), BUNDLED, ids=lambda value: value if isinstance(value, str) else "")
def test_every_component_has_a_description_and_a_schema(kind, name, cls):
    check_component(cls)


@pytest.mark.parametrize(("name", "cls"), of("loss"))
def test_every_loss_keeps_its_contract(name, cls):
    check_loss(made(cls, name))


@pytest.mark.parametrize(("name", "cls"), of("architecture", Architecture))
def test_every_architecture_keeps_its_contract(name, cls):
    signature = case(name).signature
    assert signature is not None, f"state a signature for '{name}' in the contract.py beside its plugin's tests"
    check_architecture(made(cls, name), signature)


JUDGES = [each for each in of("architecture", Architecture) if each.values[1].role in ("discriminator", "classifier")]


@pytest.mark.parametrize(("name", "cls"), JUDGES)
def test_every_discriminator_judges_two_batches_in_one_as_each_alone(name, cls):
    signature = case(name).signature
    network = made(cls, name).build(signature)
    assert is_per_sample(network)
    torch.manual_seed(0)
    for variable in network.trainable_variables:  # some start at zero
        variable.assign(variable.value + 0.1 * torch.randn(variable.shape))
    one, other = ({key: torch.randn(4, *field.sides) for key, field in signature.inputs.items()} for _ in range(2))
    with torch.no_grad(), concatenated_batch():
        together = outputs(network, {key: torch.cat([one[key], other[key]]) for key in one})
    with torch.no_grad():
        alone = outputs(network, one), outputs(network, other)
    for both, *halves in zip(together, *alone, strict=True):
        assert torch.allclose(both, torch.cat(halves), rtol=1e-3, atol=1e-4)
        assert not torch.allclose(*halves, rtol=1e-3, atol=1e-4)


def outputs(network, inputs):
    """All outputs of a network; one input is given as a tensor."""
    return keras.tree.flatten(network(inputs if len(inputs) > 1 else next(iter(inputs.values())), training=False))


REGULARIZERS = [found for found in of("regularizer") if not case(found.id).own_network]


@pytest.mark.parametrize(("name", "cls"), [found for found in REGULARIZERS if not case(found.id).images_only])
def test_every_regularizer_keeps_its_contract(name, cls):
    check_regularizer(made(cls, name))


@pytest.mark.parametrize(("name", "cls"), REGULARIZERS)
def test_every_regularizer_keeps_its_contract_on_images(name, cls):
    check_regularizer(made(cls, name), shape=(16, 16, 1))


def test_generation_keeps_the_contract_of_a_task():
    task = construct(ZOO.find("task", "generation"), {"field": "point", "latent_dim": 3}, zoo=ZOO).component
    data = construct(ZOO.find("dataset", "gaussians"), {"count": 20}, zoo=ZOO).component
    check_task(task, data)


def test_super_resolution_keeps_the_contract_of_a_task(photographs):
    table = {"crop": 16, "scale": 2, "tile": 32, "overlap": 8}
    task = construct(ZOO.find("task", "super_resolution"), table, zoo=ZOO).component
    data = construct(ZOO.find("dataset", "folder"), {"path": str(photographs)}, zoo=ZOO).component
    architectures = {name: made(ZOO.find("architecture", name), name) for name in ("srresnet", "srgan_discriminator")}
    by_role = {architecture.role: architecture for architecture in architectures.values()}
    check_task(task, data, architectures=by_role, inputs=[photographs / "0.png"])


@pytest.mark.parametrize(("name", "cls"), [found for found in of("dataset") if not case(found.id).needs_files])
def test_every_embedded_dataset_keeps_its_contract(name, cls):
    try:
        dataset = made(cls, name)
        dataset.open()
    except DataError as error:
        pytest.skip(str(error))
    check_dataset(dataset)


@pytest.mark.parametrize(("name", "cls"), of("metric"))
def test_every_metric_keeps_its_contract(name, cls):
    example, table = case(name).example or {"image": PHOTO}, case(name).training
    training = None
    if table is not None:
        dataset = construct(ZOO.find("dataset", table["name"]), {}, zoo=ZOO).component
        training = {"data": dataset.open()}
    check_metric(made(cls, name), example, example, training=training)


@pytest.mark.parametrize(("name", "cls"), of("architecture", Features))
def test_every_feature_network_names_its_layers_and_its_numbers(name, cls):
    assert cls.role == "features"
    assert cls.layers
    assert made(cls, name).label


@pytest.mark.parametrize(("name", "cls"), of("degradation"))
def test_every_degradation_keeps_its_contract(name, cls):
    check_degradation(made(cls, name))
