"""Every component of the zoo keeps its contract; a new one adds tiny options here, not new test code."""

from __future__ import annotations

import numpy as np
import pytest

from ganzoo import Architecture, DataError, Features, Field, Signature, load_zoo
from ganzoo.schema.build import construct
from ganzoo.testing import (
    check_architecture,
    check_component,
    check_dataset,
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

LATENT, POINT = Field(shape=(5,)), Field(shape=(2,))
SMALL, LARGE = Field(shape=(8, 8, 3), low=-1, high=1), Field(shape=(16, 16, 3), low=-1, high=1)
LOGITS = Field(shape=(1,))
RANDOM_FEATURES = {"name": "vgg16", "weights": "random"}

#: What a component is made with, and what an architecture is asked for.
TINY = {
    "dcgan_discriminator": {"filters": 2},
    "dcgan_generator": {"filters": 2},
    "srgan_discriminator": {"filters": 2},
    "srresnet": {"filters": 2, "blocks": 1},
    "subpixel_resnet": {"filters": 2, "blocks": 1},
    "perceptual": {"features": RANDOM_FEATURES, "layer": "block1_conv2"},
    "lpips": {"features": RANDOM_FEATURES},
    "mode_seeking": {"field": "sample"},
    "gaussians": {"count": 20},
}
SIGNATURES = {
    "dcgan_discriminator": Signature(inputs={"image": LARGE}, outputs={"logits": LOGITS}),
    "dcgan_generator": Signature(inputs={"latent": LATENT}, outputs={"image": LARGE}),
    "mlp_discriminator": Signature(inputs={"point": POINT}, outputs={"logits": LOGITS}),
    "mlp_generator": Signature(inputs={"latent": LATENT}, outputs={"point": POINT}),
    "srgan_discriminator": Signature(inputs={"image": LARGE}, outputs={"logits": LOGITS}),
    "srresnet": Signature(inputs={"image": SMALL}, outputs={"image": LARGE}),
    "subpixel_resnet": Signature(inputs={"image": SMALL}, outputs={"image": LARGE}),
}
#: Datasets that need files have their own tests.
NEED_FILES = {"folder", "hdf5", "paired_folder", "tfds"}

PHOTO = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
POINTS = {"point": np.eye(2, dtype=np.float32), "label": np.arange(2, dtype=np.int32)}
SETS = {"image": PHOTO[None].repeat(3, axis=0)}


def of(kind, base=object):
    return [pytest.param(name, cls, id=name) for found, name, cls in BUNDLED if found == kind and issubclass(cls, base)]


def made(cls, name):
    return construct(cls, TINY.get(name, {}), zoo=ZOO).component


@pytest.mark.parametrize(("kind", "name", "cls"), BUNDLED, ids=lambda value: value if isinstance(value, str) else "")
def test_every_component_has_a_description_and_a_schema(kind, name, cls):
    check_component(cls)


@pytest.mark.parametrize(("name", "cls"), of("loss"))
def test_every_loss_keeps_its_contract(name, cls):
    check_loss(made(cls, name))


@pytest.mark.parametrize(("name", "cls"), of("architecture", Architecture))
def test_every_architecture_keeps_its_contract(name, cls):
    check_architecture(made(cls, name), SIGNATURES[name])


@pytest.mark.parametrize(("name", "cls"), of("regularizer"))
def test_every_regularizer_keeps_its_contract(name, cls):
    check_regularizer(made(cls, name))


@pytest.mark.parametrize(("name", "cls"), of("regularizer"))
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


@pytest.mark.parametrize(("name", "cls"), [case for case in of("dataset") if case.id not in NEED_FILES])
def test_every_embedded_dataset_keeps_its_contract(name, cls):
    try:
        dataset = made(cls, name)
        dataset.open()
    except DataError as error:
        pytest.skip(str(error))
    check_dataset(dataset)


@pytest.mark.parametrize(("name", "cls"), of("metric"))
def test_every_metric_keeps_its_contract(name, cls):
    example = {"mode_coverage": POINTS, "sliced_wasserstein": SETS}.get(name, {"image": PHOTO})
    check_metric(made(cls, name), example, example)


@pytest.mark.parametrize(("name", "cls"), of("architecture", Features))
def test_every_feature_network_names_its_layers_and_its_numbers(name, cls):
    assert cls.role == "features"
    assert cls.layers
    assert made(cls, name).label
