"""Several tasks on photographs, learned together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt

from ganzoo import (
    LOGITS,
    Array,
    Comparison,
    DataError,
    Example,
    Field,
    Identity,
    LossTargets,
    NetworkSpec,
    Random,
    RecipeError,
    Result,
    RowContext,
    SampleRequest,
    SamplingOptions,
    Signature,
    Source,
    Sources,
    Task,
    Tensor,
    Trained,
    View,
    images,
    sampling,
)
from ganzoo_multi_task.jobs import Given, MaskKind, TaskName, cropped, given_for, unusable
from ganzoo_multi_task.multi_task_options import MultiTaskOptions
from ganzoo_multi_task.performing import Performer, performed

#: Tasks whose result has other colours than what they are given.
_COLOURING = {"colourization", "style"}
_PICTURE_SIDE = 128


@dataclass(frozen=True, kw_only=True)
class MultiTask(Task):
    """Teaches one generator several `tasks` on photographs (field `image`), and one discriminator to judge them all.

    `super_resolution` enlarges by `scale`; `inpainting` fills boxes or strokes (`masks`); `denoising` removes Gaussian
    noise of deviation `noise`, in levels of 255; `colourization` colours greyscale; `style` paints like the images of a
    second stream, `style` (the photographs are then the stream `data` beside it). Each learns from crops of `crop`
    pixels. `train.batch_size` is the number of crops for each task: a step has all of them, each with its own crops.

    A pair and a comparison for each task have its name; the discriminator is given the number of the task as a label.
    The pair and the comparison `style` have a painting as their other side; `style_content` has the photograph.

    Large photographs are worked on in tiles; `overlap` covers what a generator of 10 blocks sees.

    The table of scores has a row for each task, one called after what the task was given (`super_resolution_input` is
    bicubic), and `generator`: the mean over all tasks but `style`, which has no right answer.
    """

    tasks: tuple[TaskName, ...] = ("super_resolution", "inpainting", "denoising")
    scale: Literal[2, 3, 4] = 2
    crop: Annotated[int, Ge(8)] = 64
    noise: Annotated[float, Gt(0)] = 25.0
    masks: MaskKind = "strokes"
    tile: Annotated[int, Ge(16)] = 192
    overlap: Annotated[int, Ge(0)] = 24

    sampling: ClassVar[type[SamplingOptions]] = MultiTaskOptions

    def __post_init__(self) -> None:
        if not self.tasks or len(set(self.tasks)) < len(self.tasks):
            raise ValueError(f"tasks must name one task or more, each once; received {list(self.tasks)}")
        if self.crop % self.scale:
            raise ValueError(f"crop must be a multiple of scale, but {self.crop} is not a multiple of {self.scale}")

    @property
    def streams(self) -> tuple[str, ...]:  # type: ignore[override]
        """The photographs, and paintings where there is the task `style`."""
        return ("data", "style") if "style" in self.tasks else ("data",)

    @property
    def exposes(self) -> LossTargets:
        extra = ("style_content",) if "style" in self.tasks else ()
        return LossTargets(comparisons=self.tasks, pairs=(*self.tasks, *extra))

    def rows(self, batch_size: int) -> Mapping[str, int]:
        rows = {"data": batch_size * len(self.tasks), "style": batch_size}
        return {stream: rows[stream] for stream in self.streams}

    def unusable(self, shapes: Mapping[str, tuple[int, ...]], *, stream: str, held_out: bool) -> str | None:
        return unusable(shapes["image"], self.scale if held_out else self.crop) if "image" in shapes else None

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        for name in [f"{stream}/image" for stream in self.streams] if "style" in self.tasks else ["image"]:
            if name not in fields:
                raise DataError(f"multi_task needs the field '{name}'; the data have {', '.join(fields)}")
        task = Field(shape=(), dtype="int32", low=0, high=len(self.tasks) - 1, names=self.tasks)
        given = {
            "image": _image(self.crop),
            "mask": Field(shape=(self.crop, self.crop, 1), low=0, high=1),
            "task": task,
        }
        made: dict[str, Field] = {name: _image(self.crop * self._scale_of(name)) for name in self.tasks}
        judged = {"image": _image(self.crop), "task": task}
        return (
            NetworkSpec(
                name="generator",
                role="generator",
                player="generator",
                signature=Signature(inputs=given, outputs=made),
            ),
            NetworkSpec(
                name="discriminator",
                role="discriminator",
                player="discriminator",
                signature=Signature(inputs=judged, outputs={"logits": LOGITS}),
            ),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        """Return a crop, and what each task would be given of it: its place in the batch says which task uses it."""
        rng = context.rng
        crop = cropped(example["image"], self.crop, (rng.random(), rng.random()))
        crop = np.ascontiguousarray(crop[:, ::-1] if rng.integers(2) else crop)
        row = {"image": images.to_float(crop)}
        if context.stream == "data":
            for name in self.tasks:
                given = self._given(name, crop, rng)
                row |= {f"{name}/image": images.to_float(given.image), f"{name}/mask": given.mask.astype(np.float32)}
        return row

    # -- learning -----------------------------------------------------------------------------------------------------

    def generate(self, view: View) -> Mapping[str, Tensor]:
        return {name: self._fake(name, view) for name in self.tasks}

    def _fake(self, name: str, view: View) -> Tensor:
        given = {part: self._rows_of(name, f"{name}/{part}", view) for part in ("image", "mask")}
        made = performed(view.networks["generator"], self.tasks, name, given, training=view.training)
        return made.where(given["mask"] > 0, given["image"]) if name == "inpainting" else made

    def compare(self, view: View) -> Mapping[str, Comparison]:
        return {
            name: Comparison(
                partial(self._judge, view, name), self._target(name, view), view.fakes[name], one_batch=True
            )
            for name in self.tasks
        }

    def _judge(self, view: View, name: str, shown: Tensor) -> Tensor:
        import torch

        number = torch.full((len(shown),), self.tasks.index(name), dtype=torch.int32, device=shown.device)
        found: Tensor = view.networks["discriminator"]({"image": shown, "task": number}, training=view.training)
        return found

    def pair(self, name: str, view: View) -> tuple[Tensor, Tensor]:
        if name == "style_content":
            return view.fakes["style"], self._rows_of("style", "image", view)
        return view.fakes[name], self._target(name, view)

    def _target(self, name: str, view: View) -> Tensor:
        return view.batch["style/image"] if name == "style" else self._rows_of(name, "image", view)

    def _rows_of(self, name: str, field: str, view: View) -> Tensor:
        """Return the part of a field's rows that is one task's: the batch is divided among them in their order."""
        values = view.batch[f"data/{field}" if len(self.streams) > 1 else field]
        share = len(values) // len(self.tasks)
        start = self.tasks.index(name) * share
        return values[start : start + share]

    # -- showing -------------------------------------------------------------------------------------------------------

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        found = {stream: _squares(source, count, self.scale) for stream, source in sources.items()}
        for name in self.tasks:
            given = [self._given(name, square, rng) for square in found["data"]]
            found |= {
                f"{name}/image": np.stack([each.image for each in given]),
                f"{name}/mask": np.stack([each.mask for each in given]),
            }
        return found

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        """Return a row for each task below its name: what it is given, its result and the target, for each image."""
        rows = [sampling.labelled(self._row(name, trained, inputs), name) for name in self.tasks]
        return np.concatenate(rows)

    def _row(self, name: TaskName, trained: Trained, inputs: Example) -> Array:
        perform, cells = self._performer(trained), []
        targets, factor = inputs["style" if name == "style" else "data"], self._scale_of(name)
        for index, (image, mask) in enumerate(zip(inputs[f"{name}/image"], inputs[f"{name}/mask"], strict=True)):
            made = perform(name, Given(image=image, mask=mask))
            target = targets[index % len(targets)]  # paintings may be fewer than photographs, or smaller
            cells += [
                image.repeat(factor, axis=0).repeat(factor, axis=1),
                made,
                images.resized(target, made.shape[:2], "stretch"),
            ]
        return images.grid(cells, columns=len(cells))

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        perform, source = self._performer(trained), sources["data"]
        for index in range(len(source)):
            photograph, name = self._photograph(source, index), Path(source.name_of(index)).stem
            for task in self.tasks:
                given = self._given(task, photograph, _numpy(rng.child(f"{task}/{index}")))
                made, shown = perform(task, given), images.resized(given.image, photograph.shape[:2], "stretch")
                rows = {task: made, f"{task}_input": shown, **({} if task == "style" else {"generator": made})}
                for method, image in rows.items():
                    target = {"image": photograph}
                    label = f"{name}_{task}"
                    yield Result(method=method, output={"image": image}, target=target, name=label, picture=image)

    def identity(self) -> Identity:
        return {"tasks": ",".join(self.tasks), "scale": self.scale, "noise": self.noise, "masks": self.masks}

    # -- using ---------------------------------------------------------------------------------------------------------

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        options: MultiTaskOptions = request.options
        if not request.inputs:
            raise RecipeError("multi_task works on photographs; name them, as ganzoo sample RUN photo.jpg -o new.png")
        names = self._asked(options)
        mask = None if options.mask is None else (images.grey(images.read_image(options.mask)) > 127).astype(np.uint8)

        def convert(photograph: Array) -> Iterator[Array]:
            result = photograph if photograph.dtype == np.uint8 else images.to_uint8(photograph)
            for name in names:
                result = self._performer(trained)(name, _given_by_user(name, result, mask))
            yield result

        scale = self.scale ** names.count("super_resolution")
        keep_grey = not _COLOURING & set(names)
        return sampling.process_photographs(
            request, convert, suffix=f"_{'_'.join(names)}", scale=scale, keep_grey=keep_grey
        )

    def _asked(self, options: MultiTaskOptions) -> tuple[TaskName, ...]:
        """Return the tasks that are asked for; RecipeError where one was not learned or lacks what it needs."""
        if not options.names:
            raise RecipeError(
                f"which tasks? --set tasks={','.join(self.tasks)}, or some of them, which are done in order"
            )
        for name in options.names:
            if name not in self.tasks:
                raise RecipeError(f"the generator has not learned {name}; it has learned {', '.join(self.tasks)}")
        if "inpainting" in options.names and options.mask is None:
            raise RecipeError(
                "inpainting needs an image that is bright where something is missing: --set mask=mask.png"
            )
        return options.names

    def _performer(self, trained: Trained) -> Performer:
        return Performer(
            generator=trained.networks["generator"],
            tasks=self.tasks,
            scale=self.scale,
            tile=self.tile,
            overlap=self.overlap,
        )

    def _given(self, name: TaskName, photograph: Array, rng: np.random.Generator) -> Given:
        return given_for(name, photograph, rng, scale=self.scale, noise=self.noise, masks=self.masks)

    def _scale_of(self, name: str) -> int:
        return self.scale if name == "super_resolution" else 1

    def _photograph(self, source: Source, index: int) -> Array:
        image = source[index]["image"]
        if reason := unusable(image.shape, self.scale):
            raise DataError(f"{source.name_of(index)}: {reason}")
        height, width = (side // self.scale * self.scale for side in image.shape[:2])
        return image[:height, :width]


def _given_by_user(name: TaskName, image: Array, mask: Array | None) -> Given:
    """Return a photograph as its user gives it to a task: it is already small, noisy or grey."""
    if name == "colourization":
        return Given.whole(np.repeat(images.grey(image), 3, axis=2))
    if name != "inpainting" or mask is None:
        return Given.whole(image)
    if mask.shape[:2] != image.shape[:2]:
        sizes = [f"{each.shape[1]}x{each.shape[0]}" for each in (mask, image)]
        raise DataError(f"the mask is {sizes[0]}, but the photograph is {sizes[1]} when inpainting begins")
    return Given.without(image, mask)


def _squares(source: Source, count: int, multiple: int) -> Array:
    """Return squares from the middle of images between the first and the last, all as large as the smallest allows."""
    found = [source[index]["image"] for index in sampling.spread(source, count)]
    side = min(_PICTURE_SIDE, *(min(image.shape[:2]) for image in found)) // multiple * multiple
    return np.stack([cropped(image, side, (0.5, 0.5)) for image in found])


def _image(side: int) -> Field:
    return Field(shape=(side, side, 3), low=-1, high=1)


def _numpy(rng: Random) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(int(rng.integers((1,), 0, 2**31))))
