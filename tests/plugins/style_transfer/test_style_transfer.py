import numpy as np
import pytest
import torch
from ganzoo_style_transfer.style_options import StyleOptions
from ganzoo_style_transfer.style_transfer import StyleTransfer

from ganzoo import (
    DataError,
    Field,
    Random,
    RecipeError,
    RowContext,
    SampleReport,
    SampleRequest,
    Source,
    Step,
    Trained,
    View,
    images,
    load_zoo,
)
from ganzoo.testing import check_task

ZOO = load_zoo()
PIXELS = Field(shape=(None, None, 3), dtype="uint8", low=0, high=255)
FIELDS = {"content/image": PIXELS, "style/image": PIXELS}
STEP = Step(number=0)


class Pictures(Source):
    fields = {"image": PIXELS}

    def __init__(self, *pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        return {"image": self.pictures[index]}


def picture(height, width, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return images.resize_bicubic(coarse, (height, width))


def sources():
    contents = Pictures(picture(40, 60), picture(50, 34, 1), picture(32, 32, 2))
    return {"content": contents, "style": Pictures(picture(33, 70, 3), picture(48, 36, 4))}


def task(styles="given", **options):
    return StyleTransfer(styles=styles, **{"size": 32, "crop": 16, **options})


def architecture(styles):
    if styles == "learned":
        return ZOO.find("architecture", "johnson_generator")(filters=2, blocks=1)
    features = ZOO.find("architecture", "vgg16")(weights="random")
    return ZOO.find("architecture", "adain_generator")(encoder=features, layer="block2_conv1", scale=0.01)


def generator(styles):
    return architecture(styles).build(task(styles).networks(FIELDS, {})[0].signature)


@pytest.fixture(scope="module")
def given():
    return Trained(networks={"generator": generator("given")})


@pytest.fixture(scope="module")
def learned():
    return Trained(networks={"generator": generator("learned")})


@pytest.mark.parametrize("styles", ["given", "learned"])
def test_the_task_keeps_its_contract(styles, tmp_path):
    patch = ZOO.find("architecture", "patchgan_discriminator")(filters=2, halvings=1)
    images.write_image(tmp_path / "photo.png", picture(20, 24))
    networks = {"generator": architecture(styles), "discriminator": patch}
    inputs = [tmp_path / "photo.png"] if styles == "learned" else []
    check_task(task(styles, size=16), sources(), architectures=networks, inputs=inputs)


def test_rows_are_crops_of_images_whose_short_side_has_the_size():
    whole = picture(40, 60)
    row = task().prepare({"image": whole}, RowContext(step=STEP, rng=np.random.default_rng(0), stream="content"))
    scaled = images.resize_bicubic(whole, (32, 48))
    crop = images.to_uint8(row["image"])
    assert [1 for y in range(17) for x in range(33) if np.array_equal(scaled[y : y + 16, x : x + 16], crop)] == [1]


def test_the_pair_features_is_the_loss_of_adain(given):
    batch = {f"{stream}/image": torch.rand(2, 16, 16, 3) * 2 - 1 for stream in ("content", "style")}
    view = View(networks=given.networks, batch=batch, count=2, step=STEP, rng=Random(0, "test"))
    fakes = task().generate(view)
    output, target = task().pair("features", View(**{**vars(view), "fakes": fakes}))
    encoder = given.networks["generator"].get_layer("encoder")
    assert torch.allclose(output, encoder(fakes["image"]))
    content, style = (encoder(batch[f"{stream}/image"]) for stream in ("content", "style"))
    unit = (content - content.mean((1, 2), True)) / (content.var((1, 2), keepdim=True) + 1e-5).sqrt()
    wanted = unit * (style.var((1, 2), keepdim=True) + 1e-5).sqrt() + style.mean((1, 2), True)
    assert torch.allclose(target, wanted, atol=1e-3)
    assert output.requires_grad
    assert not target.requires_grad


def test_a_picture_has_a_row_for_each_photograph_and_a_column_for_each_painting(given, learned):
    for styles, trained, shape in (("given", given, (3, 3)), ("learned", learned, (3, 2))):
        asked = task(styles)
        inputs = asked.fixed_inputs(
            sources(), count=4 if styles == "given" else 3, rng=np.random.default_rng(0), fitted={}
        )
        sheet = asked.picture(trained, inputs, rng=Random(0, "picture"))
        assert sheet.shape[:2] == tuple(count * 64 + (count - 1) * 2 for count in shape)
        first = sheet[66:130, :64] if styles == "given" else sheet[:64, :64]
        assert np.array_equal(first, inputs["content"][0].repeat(2, axis=0).repeat(2, axis=1))


def test_scores_have_rows_for_the_unchanged_images(given):
    found = list(task().evaluate(given, sources(), rng=Random(0, "test")))
    assert [each.method for each in found] == ["content", "style", "generator"] * 3
    assert np.array_equal(found[3].output["image"], found[5].target["content"])
    assert np.array_equal(found[4].output["image"], found[5].target["style"])
    assert np.array_equal(found[2].target["style"], found[8].target["style"]), "two paintings for three photographs"
    assert {each.output["image"].shape for each in found} == {(32, 32, 3)}


class Notes(SampleReport):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


@pytest.fixture
def ask(tmp_path):
    """Ask for photographs in some style, and return the picture and what was told."""
    for name, image in (("photo", picture(70, 90)), ("one", picture(40, 50, 5)), ("two", picture(64, 40, 6))):
        images.write_image(tmp_path / f"{name}.png", image)

    def sample(asked, trained, *, styles=(), **options):
        paintings = tuple(str(tmp_path / f"{name}.png") for name in styles)
        report = Notes()
        request = SampleRequest(
            inputs=[tmp_path / "photo.png"],
            output=tmp_path / "art.png",
            overwrite=True,
            rng=Random(0, "test"),
            options=StyleOptions(style=paintings, **options),
            report=report,
        )
        [path] = asked.sample(trained, request)
        return images.read_image(path).astype(float), report.notes

    return sample


def test_strength_and_weights_mix_activations(ask, given):
    network = given.networks["generator"]
    encoder, decoder = network.get_layer("encoder"), network.get_layer("decoder")
    photo = np.pad(picture(70, 90), ((0, 2), (0, 6), (0, 0)), mode="symmetric")

    def encoded(image):
        return encoder(torch.from_numpy(images.to_float(image))[None])

    paintings = [
        images.resize_bicubic(picture(40, 50, 5), (32, 40)),
        images.resize_bicubic(picture(64, 40, 6), (51, 32)),
    ]
    one, two = (network.get_layer("transfer")([encoded(photo), encoded(each)]) for each in paintings)
    mixed = 0.4 * (0.75 * one + 0.25 * two) + 0.6 * encoded(photo)
    wanted = images.to_uint8(decoder(mixed)[0, :70, :90].detach().numpy())
    found, _ = ask(task(), given, styles=("one", "two"), weights=(3.0, 1.0), strength=0.4)
    assert np.abs(found - wanted).max() <= 1


def test_a_learned_style_is_mixed_in_pixels_and_keeps_colours_by_luma(ask, learned):
    photo = picture(70, 90).astype(float)
    whole, _ = ask(task("learned"), learned)
    half, _ = ask(task("learned"), learned, strength=0.5)
    assert np.abs(half - (whole + photo) / 2).max() <= 1
    kept, _ = ask(task("learned"), learned, keep_colour=True)
    shift = kept - photo
    inside = (kept > 0).all(axis=-1) & (kept < 255).all(axis=-1)
    assert inside.any()
    assert np.abs(shift - shift.mean(axis=-1, keepdims=True))[inside].max() <= 1, "luma alone has changed"


def test_large_photographs_are_painted_at_a_smaller_size_and_enlarged(ask, learned):
    found, notes = ask(task("learned"), learned, longest=64)
    assert found.shape == (70, 90, 3)
    assert notes == ["a photograph of 90x70 is painted at 64x50 and enlarged; --set longest=N sets its long side"]


def test_what_a_style_cannot_do_is_told(ask, given, learned):
    with pytest.raises(RecipeError, match=r"name a painting: --set style=painting\.jpg"):
        ask(task(), given)
    with pytest.raises(RecipeError, match="has learned its style and takes no other"):
        ask(task("learned"), learned, styles=("one",))
    with pytest.raises(RecipeError, match="style_transfer paints photographs; name them"):
        task().sample(given, SampleRequest(output="art.png", rng=Random(0, "test"), options=StyleOptions()))
    with pytest.raises(ValueError, match="weights has 2 numbers, expected one for each of the 1 styles"):
        StyleOptions(style="one.png", weights=(1.0, 2.0))
    with pytest.raises(ValueError, match="crop must be a multiple of 8, but it is 20"):
        task(crop=20)
    with pytest.raises(ValueError, match=r"crop is 48, but images have a short side of 32 \(size\)"):
        task(crop=48)
    with pytest.raises(DataError, match="needs the field 'image' of each stream; there are content/image, style/point"):
        task().networks({"content/image": PIXELS, "style/point": PIXELS}, {})
    assert task().unusable({"image": (9, 9, 1)}, stream="style", held_out=False) == (
        "the image has 1 channels, expected 3 (RGB)"
    )


def test_a_generator_without_the_parts_of_adain_is_told(learned):
    batch = dict.fromkeys(FIELDS, torch.zeros(1, 16, 16, 3))
    view = View(networks=learned.networks, batch=batch, count=1, step=STEP, rng=Random(0, "test"))
    with pytest.raises(RecipeError, match="has no layer encoder, transfer, decoder: with task"):
        task().pair("features", view)
