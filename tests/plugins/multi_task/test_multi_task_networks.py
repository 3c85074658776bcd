import pytest
import torch
from ganzoo_multi_task.multi_task_generator import MultiTaskGenerator

from ganzoo import Field, Signature

SMALL, LARGE = (Field(shape=(side, side, 3), low=-1, high=1) for side in (8, 16))


def signature(**outputs):
    mask = Field(shape=(8, 8, 1), low=0, high=1)
    task = Field(shape=(), dtype="int32", low=0, high=len(outputs) - 1)
    return Signature(inputs={"image": SMALL, "mask": mask, "task": task}, outputs=outputs)


def built(filters=4, blocks=2, **outputs):
    return MultiTaskGenerator(filters=filters, blocks=blocks, embedding=3).build(
        signature(**(outputs or {"super_resolution": LARGE, "denoising": SMALL}))
    )


def given(task=0, count=2):
    return {
        "image": torch.rand(count, 6, 8, 3) * 2 - 1,
        "mask": torch.zeros(count, 6, 8, 1),
        "task": torch.full((count,), task, dtype=torch.int32),
    }


def conv(inputs, outputs):
    return 9 * inputs * outputs + outputs


def test_weights_are_those_of_the_trunk_and_of_each_head():
    film = 2 * (3 * 4 + 4)
    trunk = conv(4, 4) + 2 * 3 + 2 * (2 * conv(4, 4) + film) + conv(4, 4)
    heads = conv(4, 4) + conv(4, 12) + conv(4, 4) + conv(4, 3)
    assert built().count_params() == trunk + heads


def test_three_tasks_together_have_less_than_half_of_the_weights_of_three_generators():
    every = {"super_resolution": LARGE, "inpainting": SMALL, "denoising": SMALL}
    together = built(48, 6, **every).count_params()
    alone = sum(built(48, 6, **{name: field}).count_params() for name, field in every.items())
    assert together < alone / 2


def test_each_head_begins_as_its_input():
    values, network = given(), built()
    found = network(values)
    assert torch.allclose(found["denoising"], values["image"])
    enlarged = torch.nn.functional.interpolate(values["image"].permute(0, 3, 1, 2), scale_factor=2, mode="bilinear")
    assert torch.allclose(found["super_resolution"], enlarged.permute(0, 2, 3, 1), atol=1e-6)


def test_the_task_changes_what_the_trunk_does():
    network = built()
    for variable in network.trainable_variables:
        variable.assign(variable.value + 0.3 * torch.randn(variable.shape))
    values = given(0)
    one, other = (network({**values, "task": values["task"] + task}) for task in (0, 1))
    assert not torch.allclose(one["denoising"], other["denoising"], atol=1e-3)


def test_what_does_not_fit_is_told():
    with pytest.raises(ValueError, match="works with the inputs image, mask and task, received image"):
        MultiTaskGenerator().build(Signature(inputs={"image": SMALL}, outputs={"denoising": SMALL}))
    with pytest.raises(ValueError, match="enlarges RGB images by a whole number"):
        built(denoising=Field(shape=(12, 8, 3), low=-1, high=1))
