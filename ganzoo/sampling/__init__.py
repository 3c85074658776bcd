"""Helpers of tasks for pictures, scores and samples: chunks, drawings, files, tiles, class names."""

from __future__ import annotations

from ganzoo.sampling.classes import class_index
from ganzoo.sampling.defaults import draw_fakes, first_rows, results_by_batch, write_fakes
from ganzoo.sampling.drawing import draw, draw_beside_reals
from ganzoo.sampling.examples import in_chunks, stack_examples, to_edge, to_network, to_tensors
from ganzoo.sampling.files import check_output, write_picture, write_samples
from ganzoo.sampling.scatter import scatter_plot
from ganzoo.sampling.tiles import apply_in_tiles

__all__ = [
    "apply_in_tiles",
    "check_output",
    "class_index",
    "draw",
    "draw_beside_reals",
    "draw_fakes",
    "first_rows",
    "in_chunks",
    "results_by_batch",
    "scatter_plot",
    "stack_examples",
    "to_edge",
    "to_network",
    "to_tensors",
    "write_fakes",
    "write_picture",
    "write_samples",
]
