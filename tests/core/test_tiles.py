"""Networks applied to images piece by piece."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganzoo.sampling import apply_in_bands, apply_in_tiles


def image(height, width, channels=3, dtype=np.float32):
    values = np.random.default_rng(0).uniform(-1, 1, (height, width, channels))
    return ((values + 1) * 127.5).astype(np.uint8) if dtype == np.uint8 else values.astype(dtype)


def halved(values, training):
    """See nothing but the pixel itself."""
    return torch.from_numpy(values) * 0.5


def blurred(values, training):
    """Sees one pixel on each side, zeros beyond the border."""
    channels_first = torch.from_numpy(values).permute(0, 3, 1, 2)
    return torch.nn.functional.avg_pool2d(channels_first, 3, stride=1, padding=1).permute(0, 2, 3, 1)


class Counting:
    """Fills each piece with the number of the call, twice as large."""

    def __init__(self):
        self.sizes = []

    def __call__(self, values, training):
        self.sizes.append(values.shape[1:3])
        return torch.full((1, 2 * values.shape[1], 2 * values.shape[2], 1), float(len(self.sizes)))


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_tiles_give_what_the_whole_gives_where_the_overlap_covers_what_is_seen(channels):
    whole = image(50, 37, channels)
    found = apply_in_tiles(blurred, whole, tile=16, overlap=1)
    assert np.allclose(found, blurred(whole[None], training=False)[0], atol=1e-6)


def test_blending_gives_what_a_network_of_single_pixels_gives():
    whole = image(50, 37)
    found = apply_in_tiles(
        lambda values, training: torch.from_numpy(values) * 0.5, whole, tile=16, overlap=4, blend=True
    )
    assert np.allclose(found, whole * 0.5, atol=1e-6)


def test_neighbours_are_mixed_linearly_across_twice_the_overlap():
    found = apply_in_tiles(Counting(), image(4, 32), scale=2, tile=16, overlap=2, blend=True)[0, :, 0]
    ramp = 1 + (np.arange(8) + 0.5) / 8
    assert np.allclose(found, [1] * 28 + [*ramp] + [2] * 28)


def test_without_blending_the_overlap_is_cut_away():
    found = apply_in_tiles(Counting(), image(4, 32), scale=2, tile=16, overlap=2)[0, :, 0]
    assert found.tolist() == [1] * 32 + [2] * 32


def test_rows_of_tiles_are_mixed_as_columns_are():
    wide = apply_in_tiles(Counting(), image(4, 40), tile=16, overlap=3, blend=True, scale=2)
    tall = apply_in_tiles(Counting(), image(40, 4), tile=16, overlap=3, blend=True, scale=2)
    assert np.allclose(wide[:, :, 0].T, tall[:, :, 0])


def test_bands_come_as_they_are_ready_and_progress_counts_tiles():
    told = []
    bands = apply_in_bands(
        blurred, image(40, 20), tile=16, overlap=4, blend=True, progress=lambda *count: told.append(count)
    )
    first = next(bands)
    assert len(first) == round(40 / 3) - 4
    assert told == [(1, 6), (2, 6)]
    assert len(first) + sum(map(len, bands)) == 40
    assert told[-1] == (6, 6)


def test_the_network_sees_sides_that_are_multiples():
    network = Counting()
    assert apply_in_tiles(network, image(21, 13), scale=2, tile=64, overlap=0, multiple=8).shape == (42, 26, 1)
    assert network.sizes == [(24, 16)]


def test_bytes_give_bytes():
    whole = image(20, 20, dtype=np.uint8)
    assert np.array_equal(
        apply_in_tiles(lambda v, training: torch.from_numpy(v), whole, tile=8, overlap=2, blend=True), whole
    )


def test_tiles_too_small_to_be_blended_are_refused():
    with pytest.raises(ValueError, match="tiles of 16 cannot be blended with an overlap of 5; a quarter is the most"):
        next(apply_in_bands(blurred, image(40, 40), tile=16, overlap=5, blend=True))
