import pytest

from ganzoo import LOGITS, Field, Signature, blocks

LABEL = Field(shape=(), dtype="int32", low=0, high=9)
LATENT = Field(shape=(5,))
IMAGE = Field(shape=(28, 28, 1), low=-1, high=1)


def judging(**inputs):
    return Signature(inputs=inputs, outputs={"logits": LOGITS})


def making(output=IMAGE, **inputs):
    return Signature(inputs=inputs, outputs={"sample": output})


def test_a_generator_works_on_all_rows_of_floats_together():
    inputs = blocks.generator_inputs(making(latent=LATENT, code=Field(shape=(3,)), label=LABEL))
    assert set(inputs.model) == {"latent", "code", "label"}
    assert tuple(inputs.values.shape) == (None, 8)
    assert inputs.num_classes == 10
    assert tuple(inputs.one_hot().shape) == (None, 10)


def test_a_single_input_is_a_tensor():
    assert blocks.generator_inputs(making(latent=LATENT)).model.shape == (None, 5)
    assert blocks.discriminator_inputs(judging(sample=IMAGE)).model.shape == (None, 28, 28, 1)


def test_a_discriminator_works_on_one_image_and_knows_its_class():
    inputs = blocks.discriminator_inputs(judging(sample=IMAGE, label=LABEL))
    assert inputs.values.shape == (None, 28, 28, 1)
    assert tuple(blocks.label_maps(inputs, inputs.values).shape) == (None, 28, 28, 11)


@pytest.mark.parametrize(
    "inputs", [{"image": IMAGE}, {"label": LABEL}, {"latent": LATENT, "a": LABEL, "b": LABEL}, {"latent": IMAGE}]
)
def test_other_inputs_of_a_generator_are_refused_by_name(inputs):
    with pytest.raises(ValueError, match=f"received '{next(iter(inputs))}'"):
        blocks.generator_inputs(making(**inputs))


@pytest.mark.parametrize("inputs", [{"latent": LATENT}, {"label": LABEL}, {"one": IMAGE, "two": IMAGE}])
def test_other_inputs_of_a_discriminator_are_refused_by_name(inputs):
    for read in (blocks.discriminator_inputs, blocks.image_to_judge):
        with pytest.raises(ValueError, match=f"works with one image .*received '{next(iter(inputs))}'"):
            read(judging(**inputs))


def test_a_generator_makes_one_image_of_the_range_of_tanh():
    assert blocks.image_to_make(making(latent=LATENT)) == ("sample", IMAGE)
    with pytest.raises(ValueError, match=r"gives images in \[-1, 1\], but 'sample' is 8x8x1 float32 in \[0, 1\]"):
        blocks.image_to_make(making(Field(shape=(8, 8, 1), low=0, high=1), latent=LATENT))
    with pytest.raises(ValueError, match="works with one image"):
        blocks.image_to_make(making(Field(shape=(2,)), latent=LATENT))


@pytest.mark.parametrize(
    ("side", "expected"), [(8, (4, 1)), (14, (7, 1)), (28, (7, 2)), (32, (4, 3)), (48, (6, 3)), (1024, (4, 8))]
)
def test_a_side_is_a_start_of_4_to_7_doubled(side, expected):
    assert blocks.start_and_doublings(Field(shape=(side, side, 3))) == expected


def test_the_scale_of_images_is_one_whole_number_for_both_sides():
    def enlarging(low, high, channels=3):
        low, high = (Field(shape=(*sides, channels), low=-1, high=1) for sides in (low, high))
        return Signature(inputs={"image": low}, outputs={"image": high})

    assert blocks.image_scale(enlarging((6, 8), (24, 32))) == 4
    for high in ((15, 20), (12, 24), (3, 4)):
        with pytest.raises(ValueError, match="enlarges both sides by a whole number"):
            blocks.image_scale(enlarging((6, 8), high))
    with pytest.raises(ValueError, match="works on RGB images of a stated size"):
        blocks.image_scale(enlarging((6, 8), (12, 16), channels=1))
