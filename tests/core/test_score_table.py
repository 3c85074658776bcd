"""How scores are read: on a terminal, by a person."""

from __future__ import annotations

from ganzoo.commands._scores import show_scores
from ganzoo.training.evaluation import Scores


def table(capsys, **values):
    scores = Scores(
        rows={"generator": values}, examples={"generator": 2}, larger_is_better=dict.fromkeys(values, False)
    )
    show_scores(scores, "title")
    return capsys.readouterr().out


def test_scores_have_four_decimals(capsys):
    assert "29.3813" in table(capsys, psnr=29.381251)


def test_a_score_whose_decimals_would_hide_its_size_has_an_exponent(capsys):
    shown = table(capsys, gram=55765969.4071)
    assert "5.5766e+07" in shown
    assert "55765969" not in shown
