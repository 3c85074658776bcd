"""Sources and tasks that break their promises, or take their process with them. Worker processes import this module."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
from numbered import Numbered
from points import Rows

from ganzoo import Field, Source

NUMBER = Field(shape=(), dtype="int64")


class Misbehaving(Rows):
    """Numbers 0 ... count - 1; `act` is called with the number of each example that is read, `start` on unpickling."""

    def __init__(self, count, act=None, start=None):
        super().__init__({"number": np.arange(count)}, {"number": NUMBER})
        self.act, self.start = act, start

    def __getitem__(self, index):
        example = super().__getitem__(index)
        return (self.act and self.act(index, example)) or example

    def name_of(self, index):
        return f"row-{index}"

    def __setstate__(self, state):
        self.__dict__.update(state)
        if self.start:
            self.start(0, None)


class Endless(Source):
    """As many numbers as one likes, each made when it is asked for."""

    def __init__(self, count):
        self.count, self.fields = count, {"number": NUMBER}

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return {"number": np.int64(index)}


def die(index, example):
    os.kill(os.getpid(), signal.SIGKILL)


def leave(index, example):
    os._exit(3)


def hang(index, example):
    time.sleep(10**6)


def stop(index, example):
    os.kill(os.getpid(), signal.SIGSTOP)


def fail(index, example):
    raise KeyError("boom")


def end_early(index, example):
    if index > 2:
        raise IndexError("list index out of range")


def forget(index, example):
    return {"other": example["number"]}


def widen(index, example):
    return {"number": np.zeros(index % 3 + 1, np.int64)}


def retype(index, example):
    return {"number": np.float64(index)}


def give_a_number(index, example):
    return {"number": index}


class Preparing(Numbered):
    """Returns what `make` makes of an example's number."""

    def __init__(self, make):
        self.make = make

    def prepare(self, example, context):
        return self.make(int(example["number"]))


def varying_shapes(number):
    return {"a": np.zeros((2, number % 2 + 1), np.float32)}


def varying_names(number):
    return {"ab"[number % 2]: np.zeros(2, np.float32)}


def large(number):
    return {"a": np.full(2**20, number, np.float32)}


def doubles(number):
    return {"a": np.zeros(2)}


def objects(number):
    return {"a": np.array([None, 1], object)}


def plain(number):
    return {"a": [1.0, 2.0]}


def nothing(number):
    return None


def failing(number):
    raise KeyError("boom")
