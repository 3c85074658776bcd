"""How the classifier is trained."""

from __future__ import annotations

import math

import torch

from ganzoo import Array, Network, Random, Report, sampling

_BATCH = 128
#: Enough for 99 % on MNIST; smaller data sets get more passes, as their epochs are short.
_FEWEST_EPOCHS, _FEWEST_STEPS = 4, 400
_RATE = 2e-3


def train(network: Network, images: Array, labels: Array, *, report: Report) -> None:
    """Minimise the cross-entropy with Adam and a rate that falls to 0; the same weights every time on one machine.

    All randomness is in streams of its own, so that a run that trains a classifier on the way is not changed by it.
    """
    count = len(images)
    targets = torch.as_tensor(labels.astype("int64"))
    variables = [variable.value for variable in network.trainable_variables]
    optimizer = torch.optim.Adam(variables, lr=_RATE)
    batches = math.ceil(count / _BATCH)
    epochs = max(_FEWEST_EPOCHS, math.ceil(_FEWEST_STEPS / batches))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / (epochs * batches))
    done = 0
    for epoch in range(epochs):
        order = Random(0, "classifier/order", epoch).permutation(count).cpu()
        for chosen in torch.split(order, _BATCH):
            given = sampling.to_tensors({"image": sampling.to_network(images[chosen.numpy()])})["image"]
            logits = network(given, training=True)["classes"]
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(logits, targets[chosen].to(logits.device))
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            done += 1
            report("training the classifier", done, epochs * batches)
