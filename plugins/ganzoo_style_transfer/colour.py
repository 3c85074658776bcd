"""Keeping the colours of a photograph."""

from __future__ import annotations

import numpy as np

from ganzoo import Array, images


def matched_colours(image: Array, reference: Array) -> Array:
    """Return an image (uint8 RGB) with the colour distribution of another (CORAL, arXiv 1511.05547).

    As in the authors' code of AdaIN: colours of mean 0 and deviation 1 per channel are whitened and coloured with the
    square roots of Z Z^T + I, Z having a column for each pixel, and get the mean and deviation of the reference.
    """
    mine, _, _ = _standardised(image)
    wanted, mean, deviation = _standardised(reference)
    whitened = np.linalg.solve(_root(mine), mine)
    found = (_root(wanted) @ whitened) * deviation + mean
    return images.to_uint8((2 * found - 1).T.reshape(image.shape))


def with_luma_of(image: Array, painted: Array) -> Array:
    """Return an image (uint8 RGB) with the luma of another one of its size and its own chroma (BT.601)."""
    difference = (painted.astype(np.float64) - image) @ np.array(images.LUMA_WEIGHTS)
    changed: Array = np.clip(np.rint(image + difference[..., None]), 0, 255).astype(np.uint8)
    return changed


def _standardised(image: Array) -> tuple[Array, Array, Array]:
    """Return colours in [0, 1] as (3, pixels) with mean 0 and deviation 1, and their mean and deviation (3, 1)."""
    colours = image.reshape(-1, 3).T / 255
    mean, deviation = colours.mean(axis=1, keepdims=True), colours.std(axis=1, ddof=1, keepdims=True)
    return (colours - mean) / np.maximum(deviation, 1e-6), mean, deviation


def _root(colours: Array) -> Array:
    """Return the symmetric square root of Z Z^T + I."""
    values, vectors = np.linalg.eigh(colours @ colours.T + np.eye(3))
    root: Array = vectors * np.sqrt(values) @ vectors.T
    return root
