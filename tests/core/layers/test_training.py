import torch

import ganzoo


def test_after_a_step_kernels_and_optimizer_state_share_one_memory_order():
    zoo = ganzoo.load_zoo()
    recipe = ganzoo.load_recipe("srgan_photos", zoo=zoo, profile="smoke")
    data = ganzoo.open_data(recipe)
    model = ganzoo.build_model(recipe, ganzoo.assemble(recipe, data.fields))
    model.fit(ganzoo.batches(recipe, data), steps_per_epoch=1, epochs=1, shuffle=False, verbose=0)
    kept = [slot for optimizer in model.optimizer_groups.values() for slot in optimizer.variables]
    weights = [weight for network in model.networks.values() for weight in network.weights]
    kernels = [each.value for each in [*kept, *weights] if len(each.shape) == 4 and each.shape[0] > 1]
    assert len(kernels) > 6
    assert all(kernel.permute(3, 2, 0, 1).is_contiguous(memory_format=torch.channels_last) for kernel in kernels)
