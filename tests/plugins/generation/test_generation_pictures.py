import keras
import numpy as np
import pytest
from ganzoo_generation import ganzoo_register_tasks
from PIL import Image

from ganzoo import Field, Random, RecipeError, SampleRequest, Source, Trained, images

Generation = ganzoo_register_tasks()["generation"]
IMAGE = Field(shape=(4, 4, 1), dtype="uint8", low=0, high=255)


class Held(Source):
    """As many examples as asked for, all values alike."""

    def __init__(self, name: str, field: Field, size: int = 5) -> None:
        self.fields = {name: field}
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index):
        return {name: np.full(field.shape, index, dtype=field.dtype) for name, field in self.fields.items()}


IMAGES, POINTS = Held("image", IMAGE), Held("point", Field(shape=(2,)))


def networks(shape):
    layers = [
        keras.Input((3,)),
        keras.layers.Dense(int(np.prod(shape)), activation="tanh"),
        keras.layers.Reshape(shape),
    ]
    return {"generator": keras.Sequential(layers)}


def drawn(task, source, shape, count=4):
    inputs = task.fixed_inputs({"data": source}, count=count, rng=np.random.default_rng(0), fitted={})
    return inputs, task.picture(Trained(networks=networks(shape)), inputs, rng=Random(0, "picture"))


def is_picture(array) -> bool:
    return array.dtype == np.uint8 and array.ndim == 3 and array.shape[-1] == 3


@pytest.mark.parametrize("latent", ["normal", "uniform"])
def test_fixed_inputs_are_latents_and_a_row_of_reals(latent):
    task = Generation(latent_dim=3, latent=latent)
    inputs = task.fixed_inputs({"data": IMAGES}, count=9, rng=np.random.default_rng(0), fitted={})
    assert inputs["latent"].shape == (9, 3)
    assert inputs["latent"].dtype == np.float32
    assert inputs["real"].shape == (3, 4, 4, 1)


def test_images_are_drawn_as_a_grid_below_a_row_of_reals_both_below_their_names():
    inputs, picture = drawn(Generation(latent_dim=3), IMAGES, (4, 4, 1))
    assert is_picture(picture)
    row = images.grid(list(inputs["real"]), columns=2)
    strip = (picture.shape[0] - 3 * row.shape[0] - 2) // 2
    assert np.array_equal(picture[strip : strip + len(row)], row)
    for name_above in (picture[:strip], picture[strip + len(row) : 2 * strip + len(row)]):
        assert (name_above == 255).mean() > 0.5
        assert name_above.min() < 100


def test_points_are_drawn_as_a_scatter_plot_with_reals_in_grey_and_fakes_in_colour():
    inputs, picture = drawn(Generation(latent_dim=3, field="point"), POINTS, (2,))
    assert len(inputs["latent"]) > 100
    assert is_picture(picture)
    assert picture.shape == (400, 400, 3)
    red, green, blue = picture.reshape(-1, 3).astype(int).T
    assert (red - blue > 60).any()
    assert ((abs(red - blue) < 25) & (green < 200)).any()


def test_points_that_are_not_finite_or_far_out_do_not_spoil_the_picture():
    task = Generation(latent_dim=3, field="point")
    inputs = task.fixed_inputs({"data": POINTS}, count=4, rng=np.random.default_rng(0), fitted={})
    generator = networks((2,))["generator"]
    for value in (np.nan, np.inf, 1e30):
        generator.layers[0].bias.assign([value, value])
        assert is_picture(task.picture(Trained(networks={"generator": generator}), inputs, rng=Random(0, "picture")))


def sampled(task, shape, output, count=5, inputs=()):
    request = SampleRequest(inputs=inputs, output=output, count=count, rng=Random(0, "sample"), options=task.sampling())
    (written,) = task.sample(Trained(networks=networks(shape)), request)
    return written


@pytest.mark.parametrize(("task", "shape"), [(Generation(latent_dim=3), (4, 4, 1)), (Generation(latent_dim=3), (2,))])
def test_samples_are_written_as_one_picture(task, shape, tmp_path):
    with Image.open(sampled(task, shape, tmp_path / "new" / "samples.png")) as image:
        assert is_picture(np.asarray(image))


def test_samples_are_written_as_values(tmp_path):
    task = Generation(latent_dim=3)
    values = np.load(sampled(task, (4, 4, 1), tmp_path / "images.npy", count=150), allow_pickle=False)
    assert (values.shape, values.dtype) == ((150, 4, 4, 1), np.uint8)
    points = np.load(sampled(task, (2,), tmp_path / "points.npy"), allow_pickle=False)
    assert (points.shape, points.dtype) == ((5, 2), np.float32)
    table = np.loadtxt(sampled(task, (2,), tmp_path / "points.csv"), delimiter=",")
    assert table.shape == (5, 2)


def test_another_kind_of_file_is_refused_with_those_that_can_be_written(tmp_path):
    with pytest.raises(RecipeError, match=r"expected a file that ends in \.png or \.npy"):
        sampled(Generation(latent_dim=3), (4, 4, 1), tmp_path / "samples.csv")
    assert not list(tmp_path.iterdir())


def test_input_files_are_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"generation takes no files, received '.*photo\.png'; --count says"):
        sampled(Generation(latent_dim=3), (2,), tmp_path / "samples.png", inputs=[tmp_path / "photo.png"])
