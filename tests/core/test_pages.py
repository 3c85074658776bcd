"""Reports and comparisons in a browser: every figure drawn, nothing in the console, readable narrow and wide."""

from __future__ import annotations

import json
import math

import chromium
import numpy as np
import pytest
from folders import add_sample, run_folder

from ganzoo import images
from ganzoo.reporting.comparison import compare
from ganzoo.reporting.comparison_page import comparison_page
from ganzoo.reporting.page import report
from ganzoo.reporting.reading import read_run

HOSTILE = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>$$x$$"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    yield from chromium.started(tmp_path_factory.mktemp("profile"))


@pytest.fixture
def restoration(tmp_path):
    """A run with two phases, samples, scores by step, verdicts, and held-out results of two methods."""
    phases = [{"name": "content", "steps": 60}, {"name": "gan", "steps": 40}]
    folder = run_folder(
        tmp_path / "run", phases=phases, identity={"psnr_y": {"data": "photos"}}, scores={"psnr_y": 1.0}
    )
    lines = [
        {"step": step, "generator/l1": math.exp(-step / 10), "generator/x": step, "gradient_norm/generator": 1 / step}
        for step in range(1, 101)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    timing = [{"step": step, "seconds": step / 7 + step % 3 / 50, "waited": step / 90} for step in range(1, 101)]
    (folder / "timing.jsonl").write_text("".join(json.dumps(line) + "\n" for line in timing))
    record = {"larger_is_better": {"psnr_y": True}, "examples": {"generator": 2, "bicubic": 2}}
    scores = [
        {"step": step, **record, "scores": {"generator": {"psnr_y": step / 4}, "bicubic": {"psnr_y": 20.0}}}
        for step in (25, 50, 75, 100)
    ]
    (folder / "scores.jsonl").write_text("".join(json.dumps(line) + "\n" for line in scores))
    (folder / "evaluation.json").write_text(json.dumps(scores[-1]))
    for step in (0, 50, 100):
        add_sample(folder, step, shade=step)
    (folder / "held_out").mkdir()
    for method, shade in (("bicubic", 40), ("generator", 220)):
        images.write_image(folder / "held_out" / f"cat-{method}.png", np.full((40, 60, 3), shade, np.uint8))
    verdict = {"step": 90, "since": 40, "severity": "warning", "what": "samples are alike", "change": "add r1"}
    (folder / "verdicts.jsonl").write_text(json.dumps(verdict) + "\n")
    return folder


@pytest.fixture
def page(tmp_path, restoration):
    path = tmp_path / "page.html"
    path.write_text(report(read_run(restoration)))
    return path


def expect_clean(browser, *, width, figures):
    """Compare what every page must be: drawn, silent, no wider than its window."""
    assert len(browser.drawn()) >= figures
    assert browser.complaints() == []
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.run("return performance.getEntriesByType('resource').filter(e => /^http/.test(e.name)).length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_a_report_is_drawn_at_both_widths_in_both_schemes(browser, page, width, scheme):
    browser.open(page, width=width, scheme=scheme)
    expect_clean(browser, width=width, figures=5)
    paper = browser.run("return getComputedStyle(document.body).backgroundColor")
    ink = browser.run("return getComputedStyle(document.body).color")
    assert (brightness(paper) > brightness(ink)) == (scheme == "light")
    assert abs(brightness(paper) - brightness(ink)) > 150
    least = (
        "return Math.min(...[...document.querySelectorAll('.plot')].map(each => each.getBoundingClientRect().width))"
    )
    assert browser.run(least) > 300


def brightness(colour):
    """Return the mean of the red, green and blue of a computed colour."""
    return np.mean([float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]])


def test_the_film_shows_the_step_that_is_chosen_by_click_and_by_key(browser, page):
    from selenium.webdriver.common.keys import Keys

    browser.open(page, width=1400, scheme="light")
    shown = (
        "return [...document.querySelectorAll('.film figure')].filter(e => e.offsetHeight).map(e => e.innerText.trim())"
    )
    assert browser.run(shown) == ["step 100"]
    browser.find(".film label").click()
    assert browser.run(shown) == ["step 0"]
    browser.find(".film input:checked").send_keys(Keys.ARROW_RIGHT)
    assert browser.run(shown) == ["step 50"]


def test_before_and_after_follow_the_pointer(browser, page):
    from selenium.webdriver.common.action_chains import ActionChains

    browser.open(page, width=400, scheme="light")
    at = "return getComputedStyle(document.querySelector('.before-after')).getPropertyValue('--at')"
    assert browser.run(at) == "51.25%"
    strips = browser.driver.find_elements("css selector", ".before-after label")
    ActionChains(browser.driver).move_to_element(strips[4]).perform()
    assert browser.run(at) == "11.25%"
    strips[30].click()
    ActionChains(browser.driver).move_to_element(browser.find("h1")).perform()
    assert browser.run(at) == "76.25%"


def test_texts_of_a_foreign_run_are_neither_run_nor_lost(browser, tmp_path):
    folder = run_folder(
        tmp_path / "run",
        title=HOSTILE,
        scores={HOSTILE: 3.0},
        phases=[{"name": HOSTILE, "steps": 50}, {"name": "b", "steps": 50}],
    )
    lines = [{"step": step, f"generator/{HOSTILE}": 1 / step, f"{HOSTILE}/x": step} for step in (1, 2, 3)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "page.html").write_text(report(read_run(folder)))
    browser.open(tmp_path / "page.html", width=400, scheme="light")
    expect_clean(browser, width=400, figures=2)
    assert browser.run("return window.broken") is None
    assert HOSTILE in browser.find("h1").get_attribute("textContent")


@pytest.mark.parametrize("width", [400, 1400])
def test_a_comparison_is_drawn(browser, tmp_path, width):
    folders = [
        run_folder(tmp_path / f"{loss}-{seed}", seed=seed, loss=loss, scores={"fid": seed + value}, losses=losses)
        for loss, value, losses in (("hinge", 1.0, [(1, 2), (2, 1)]), ("wasserstein", 5.0, [(1, 3), (2, 1)]))
        for seed in (0, 1)
    ]
    (tmp_path / "page.html").write_text(comparison_page(compare([read_run(folder) for folder in folders])))
    browser.open(tmp_path / "page.html", width=width, scheme="dark")
    expect_clean(browser, width=width, figures=2)


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "figures"), [("srresnet_photos", 4), ("dcgan_mnist", 9), ("gaussians_ring", 11)])
def test_reports_of_real_runs_are_drawn(browser, tmp_path, ganzoo, recipe, figures):
    assert ganzoo("run", recipe, "--profile", "smoke", "--runs", tmp_path, "--name", "run").code == 0
    assert ganzoo("report", tmp_path / "run").code == 0
    assert (tmp_path / "run" / "report.html").stat().st_size < 10 * 2**20
    for width in (400, 1400):
        browser.open(tmp_path / "run" / "report.html", width=width, scheme="dark")
        expect_clean(browser, width=width, figures=figures)
