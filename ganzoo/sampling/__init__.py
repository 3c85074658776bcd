"""Helpers of tasks for pictures, scores and samples: chunks, drawings, files, tiles, class names."""

from __future__ import annotations

from ganzoo.sampling.classes import class_index
from ganzoo.sampling.defaults import draw_fakes, fakes_at_random, first_rows, results_by_batch, write_fakes
from ganzoo.sampling.drawing import draw, draw_beside_reals, draw_columns, draw_named
from ganzoo.sampling.examples import in_chunks, spread, stack_examples, to_edge, to_network, to_tensors
from ganzoo.sampling.files import check_output, sample_files, write_picture, write_sample_files, write_samples
from ganzoo.sampling.generated import call_network, check_held_out, made_by, made_shape, sample_field
from ganzoo.sampling.labels import labelled
from ganzoo.sampling.latents import interpolated, set_standing_statistics, truncated_normal
from ganzoo.sampling.noise import reseed
from ganzoo.sampling.photographs import PhotographOptions, process_in_tiles, process_photographs
from ganzoo.sampling.reconstructions import write_reconstructions
from ganzoo.sampling.scatter import scatter_plot
from ganzoo.sampling.tiles import apply_in_bands, apply_in_tiles

__all__ = [
    "PhotographOptions",
    "apply_in_bands",
    "apply_in_tiles",
    "call_network",
    "check_held_out",
    "check_output",
    "class_index",
    "draw",
    "draw_beside_reals",
    "draw_columns",
    "draw_fakes",
    "draw_named",
    "fakes_at_random",
    "first_rows",
    "in_chunks",
    "interpolated",
    "labelled",
    "made_by",
    "made_shape",
    "process_in_tiles",
    "process_photographs",
    "reseed",
    "results_by_batch",
    "sample_field",
    "sample_files",
    "scatter_plot",
    "set_standing_statistics",
    "spread",
    "stack_examples",
    "to_edge",
    "to_network",
    "to_tensors",
    "truncated_normal",
    "write_fakes",
    "write_picture",
    "write_reconstructions",
    "write_sample_files",
    "write_samples",
]
