import keras
import pytest
import torch

from ganzoo import layers
from ganzoo.execution.batches import concatenated_batch


def test_examples_learn_how_much_their_group_differs():
    # groups are {0, 2} and {1, 3}; deviations (1, 3) and (2, 0), so 2 and 1 on average
    values = torch.tensor([[0.0, 0.0], [0.0, 5.0], [2.0, 6.0], [4.0, 5.0]])
    appended = layers.MinibatchStdDev(group_size=2, epsilon=0.0)(values)
    assert torch.equal(appended[:, :2], values)
    assert appended[:, 2].tolist() == [2.0, 1.0, 2.0, 1.0]


def test_each_part_of_the_channels_has_a_number_of_its_own():
    values = torch.tensor([[0.0, 0.0], [2.0, 6.0]])
    appended = layers.MinibatchStdDev(group_size=2, features=2, epsilon=0.0)(values)
    assert appended[:, 2:].tolist() == [[1.0, 3.0], [1.0, 3.0]]


def test_a_batch_smaller_than_a_group_is_one_group():
    appended = layers.MinibatchStdDev(group_size=8, epsilon=0.0)(torch.tensor([[[[1.0]]], [[[5.0]]]]))
    assert appended[..., 1].flatten().tolist() == [2.0, 2.0]


def test_it_agrees_with_stylegan2():
    values, size, features = torch.randn(8, 5, 6, 4), 4, 2
    # its code, on (n, c, h, w)
    grouped = values.permute(0, 3, 1, 2).reshape(size, -1, features, 4 // features, 5, 6)
    grouped = grouped - grouped.mean(dim=0)
    grouped = (grouped.square().mean(dim=0) + 1e-8).sqrt().mean(dim=[2, 3, 4])
    wanted = grouped.reshape(-1, features, 1, 1).repeat(size, 1, 5, 6).permute(0, 2, 3, 1)
    found = layers.MinibatchStdDev(size, features)(values)
    assert found.shape == (8, 5, 6, 6)
    assert torch.allclose(found[..., 4:], wanted, atol=1e-6)


def test_equal_examples_have_gradients_and_second_derivatives_without_nan():
    values = torch.ones(4, 3, 3, 2, requires_grad=True)
    [first] = torch.autograd.grad(layers.MinibatchStdDev()(values).square().sum(), values, create_graph=True)
    [second] = torch.autograd.grad(first.square().sum(), values)
    assert first.isfinite().all()
    assert second.isfinite().all()


def test_its_shape_is_known_before_the_batch():
    assert layers.MinibatchStdDev()(keras.Input((5, 5, 4))).shape == (None, 5, 5, 5)


def test_groups_that_do_not_fill_the_batch_are_refused():
    with pytest.raises(ValueError, match="cannot split a batch of 6 into groups of 4; change batch or group_size"):
        layers.MinibatchStdDev()(torch.zeros(6, 3))


def test_meaningless_arguments_are_refused():
    with pytest.raises(ValueError, match="needs group_size and features of at least 1, received 0, 1"):
        layers.MinibatchStdDev(group_size=0)
    with pytest.raises(ValueError, match="needs a multiple of 3 channels, received 4"):
        layers.MinibatchStdDev(features=3)(keras.Input((4,)))


def discriminating(features=2, dimensions=3, inputs=4):
    layer = layers.MinibatchDiscrimination(features, dimensions)
    layer.build((None, inputs))
    layer.kernel.assign(torch.randn(inputs, features * dimensions, generator=torch.Generator().manual_seed(0)))
    return layer


def test_closeness_is_that_of_the_paper_by_hand_and_leaves_the_example_itself_out():
    layer, rows = discriminating(), torch.randn(3, 4, generator=torch.Generator().manual_seed(1))
    given = layer(rows)
    assert torch.equal(given[:, :4], rows)
    kernel = layer.kernel.value.detach().reshape(4, 2, 3)
    made = torch.einsum("nc,cfd->nfd", rows, kernel)
    for example in range(3):
        for feature in range(2):
            others = [made[other, feature] for other in range(3) if other != example]
            expected = sum(torch.exp(-(made[example, feature] - other).abs().sum()) for other in others) - 1
            assert given[example, 4 + feature].item() == pytest.approx(expected.item(), abs=1e-5)


def test_copies_are_as_close_as_can_be():
    given = discriminating()(torch.ones(5, 4))
    assert given[:, 4:].flatten().tolist() == pytest.approx([4 - 1] * 10)


def test_two_batches_in_one_are_compared_separately():
    layer = discriminating()
    real, fake = torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(2))
    alone = torch.cat([layer(real), layer(fake)])
    with concatenated_batch():
        together = layer(torch.cat([real, fake]))
    assert torch.allclose(alone, together, atol=1e-6)
