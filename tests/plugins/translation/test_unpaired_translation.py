"""Translation learned without pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ganzoo_cyclegan.resnet_generator import ResNetGenerator
from ganzoo_patchgan.patchgan_discriminator import PatchGANDiscriminator
from ganzoo_translation.cycle_error import CycleError
from ganzoo_translation.unpaired_translation import Direction, UnpairedTranslation

from ganzoo import Field, RecipeError, SampleRequest, Source, Step, Trained, View, images
from ganzoo.randomness import Random
from ganzoo.testing import check_component, check_task


class Photographs(Source):
    """Images of one brightness each, with a label."""

    def __init__(self, channels=3, count=4, sides=(20, 24)):
        self._shape, self._count = (*sides, channels), count
        self.fields = {
            "image": Field(shape=(None, None, channels), dtype="uint8", low=0, high=255),
            "label": Field(shape=(), dtype="int32", low=0, high=9),
        }

    def __len__(self):
        return self._count

    def __getitem__(self, index):
        return {"image": np.full(self._shape, 20 * index, np.uint8), "label": np.asarray(index, np.int32)}

    def name_of(self, index):
        return f"{index}.png"


def task(**options):
    return UnpairedTranslation(**{"crop": 16, **options})


class Add:
    """A generator that adds a constant, and counts how often it is called."""

    input_shape = (None, None, None, 3)

    def __init__(self, value):
        self.value, self.calls = value, 0

    def __call__(self, given, training):
        self.calls += 1
        return torch.as_tensor(given) + self.value

    def _flatten_layers(self):
        return ()


def view(**more):
    networks = {"a_to_b": Add(1.0), "b_to_a": Add(-3.0), "discriminator_a": Add(0.1), "discriminator_b": Add(0.2)}
    batch = {"a/image": torch.zeros(1, 4, 4, 3), "b/image": torch.full((1, 4, 4, 3), 10.0)}
    given = {"networks": networks, "batch": batch, "count": 1, "step": Step(number=0), "rng": Random(0, "task")}
    return View(**{**given, **more})


def test_the_task_keeps_its_contract_with_streams_of_two_lengths(tmp_path):
    check_component(UnpairedTranslation)
    photograph = tmp_path / "photograph.png"
    images.write_image(photograph, np.full((18, 17, 3), 90, np.uint8))
    architectures = {
        "generator": ResNetGenerator(filters=2, blocks=1, halvings=1),
        "discriminator": PatchGANDiscriminator(filters=2, halvings=1, normalization="instance"),
    }
    data = {"a": Photographs(), "b": Photographs(count=3)}
    check_task(task(), data, architectures=architectures, inputs=[photograph])


def test_fakes_cycles_and_identities_are_those_of_the_paper():
    start = view()
    fakes = task().generate(start)
    full = view(networks=start.networks, fakes=fakes)
    # a = 0, b = 10; to b adds 1, to a subtracts 3
    assert [float(fakes[name].mean()) for name in ("a", "b")] == [7, 1]
    wanted = {"cycle_a": (-2, 0), "cycle_b": (8, 10), "identity_a": (-3, 0), "identity_b": (11, 10)}
    found = {name: tuple(float(each.mean()) for each in task().pair(name, full)) for name in wanted}
    assert found == wanted


def test_images_are_translated_back_with_noise_where_it_is_asked_for():
    full = view(fakes={"a": torch.zeros(1, 64, 64, 3), "b": torch.zeros(1, 64, 64, 3)})
    noisy = {name: task(cycle_noise=0.5).pair(name, full)[0] for name in ("cycle_a", "cycle_b")}
    assert [float(noisy[name].mean()) for name in noisy] == pytest.approx([-3, 1], abs=0.03)
    assert [float(noisy[name].std()) for name in noisy] == pytest.approx([0.5, 0.5], rel=0.03)
    assert not torch.equal(noisy["cycle_a"] + 3, noisy["cycle_b"] - 1)


def test_each_forward_pass_is_computed_once_and_none_for_the_discriminator_alone():
    start = view()
    full = view(networks=start.networks, fakes=task().generate(start))
    task().compare(full)
    assert [start.networks[name].calls for name in ("a_to_b", "b_to_a")] == [1, 1]
    task().pair("cycle_a", full)
    assert [start.networks[name].calls for name in ("a_to_b", "b_to_a")] == [1, 2]


def test_each_discriminator_judges_images_of_its_own_set():
    start = view()
    comparisons = task().compare(view(networks=start.networks, fakes=task().generate(start)))
    assert float(comparisons["a"].logits(comparisons["a"].real).mean()) == pytest.approx(0.1)
    assert float(comparisons["a"].logits(comparisons["a"].fake).mean()) == pytest.approx(7.1)
    assert float(comparisons["b"].logits(comparisons["b"].fake).mean()) == pytest.approx(1.2)


def test_sets_of_other_channels_have_no_identity():
    batch = {"a/image": torch.zeros(1, 4, 4, 1), "b/image": torch.zeros(1, 4, 4, 3)}
    with pytest.raises(RecipeError, match="the pair identity_b needs streams of equally many channels"):
        task().pair("identity_b", view(batch=batch))


def test_the_networks_lead_from_each_set_to_the_other():
    fields = {"a/image": Photographs(1).fields["image"], "b/image": Photographs(3).fields["image"]}
    specs = {spec.name: spec.signature for spec in task().networks(fields, {})}
    assert list(specs) == ["a_to_b", "b_to_a", "discriminator_a", "discriminator_b"]
    assert [specs["a_to_b"].inputs["input"].shape, specs["a_to_b"].outputs["image"].shape] == [(16, 16, 1), (16, 16, 3)]
    assert specs["discriminator_b"].inputs["image"].shape == (16, 16, 3)


def test_results_are_scored_in_both_directions_and_back():
    trained = Trained(networks={"a_to_b": Add(0.2), "b_to_a": Add(-0.2)})
    sources = {"a": Photographs(count=2), "b": Photographs(count=3)}
    found = list(task().evaluate(trained, sources, rng=Random(0, "evaluate")))
    assert [each.method for each in found] == ["a_to_b"] * 2 + ["b_to_a"] * 3
    assert found[1].output["label"] == 1
    assert np.array_equal(found[1].target["input"], sources["a"][1]["image"][None])
    wanted = images.to_uint8(images.to_float(sources["a"][1]["image"]) + 0.2)
    assert np.array_equal(found[1].output["image"], wanted[None])
    metric = CycleError()
    for each in found[:2]:
        metric.update(each.output, each.target)
    assert metric.result()["cycle_error"] <= 1 / 255
    few = task(evaluation_samples=1).evaluate(trained, sources, rng=Random(0, "evaluate"))
    assert [each.method for each in few] == ["a_to_b", "b_to_a"]


def test_the_cycle_error_is_the_mean_difference_of_pixels():
    metric = CycleError()
    black, grey = np.zeros((1, 2, 2, 3), np.uint8), np.full((1, 2, 2, 3), 51, np.uint8)
    metric.update({"cycle": black}, {"input": black})
    metric.update({"cycle": grey}, {"input": black})
    assert metric.result() == {"cycle_error": pytest.approx(0.1)}


@pytest.mark.parametrize(("direction", "value"), [("a_to_b", 153), ("b_to_a", 102)])
def test_photographs_are_translated_in_the_direction_that_is_asked_for(tmp_path, direction, value):
    images.write_image(tmp_path / "photo.png", np.full((6, 5, 3), 128, np.uint8))
    trained = Trained(networks={"a_to_b": Add(0.2), "b_to_a": Add(-0.2)})
    request = SampleRequest(
        output=tmp_path / "out.png",
        inputs=[tmp_path / "photo.png"],
        rng=Random(0, "sample"),
        options=Direction(direction=direction),
    )
    [file] = task().sample(trained, request)
    assert abs(int(images.read_image(file).mean()) - value) <= 1
