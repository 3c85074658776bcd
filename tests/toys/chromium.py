"""Pages in a headless Chromium."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)

#: What is drawn of each figure: how many pixels of its canvas are not empty. Bokeh's elements are in shadow trees.
DRAWN = """
function canvases(node) {
  let found = node.tagName === "CANVAS" ? [node] : [];
  for (const child of [...(node.shadowRoot ? node.shadowRoot.children : []), ...node.children])
    found = found.concat(canvases(child));
  return found;
}
return [...document.querySelectorAll(".plot")].map(plot => Math.max(0, ...canvases(plot).map(canvas => {
  if (!canvas.width || !canvas.height) return 0;
  const copy = document.createElement("canvas");  // reading Bokeh's own one makes the console complain
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(canvas, 0, 0);
  const pixels = context.getImageData(0, 0, copy.width, copy.height).data;
  let count = 0;
  for (let index = 3; index < pixels.length; index += 4) count += pixels[index] > 0;
  return count;
})));
"""


class Browser:
    """One Chromium, in which one page after another is opened."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path, *, width, scheme):
        """Open a file in a window of this width, dark or light, and wait until its figures are drawn."""
        from selenium.webdriver.support.ui import WebDriverWait

        scheme = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get(path.as_uri())
        WebDriverWait(self.driver, 60).until(lambda _driver: all(count > 200 for count in self.drawn()))

    def drawn(self):
        """Return for each figure how many pixels of it are drawn."""
        return self.run(DRAWN)

    def run(self, script):
        """Return what a script returns."""
        return self.driver.execute_script(script)

    def complaints(self):
        """Return what the console says but for information."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] != "INFO"]

    def find(self, selector):
        """Return the first element that a selector names."""
        return self.driver.find_element("css selector", selector)


def started(folder):
    """Yield a browser with a fresh profile in a folder; skip where there is none."""
    paths = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    missing = [name for name, path in paths.items() if path is None]
    if importlib.util.find_spec("selenium") is None:
        missing.append("selenium")
    if missing:
        pytest.skip(
            f"{', '.join(missing)} not installed: apt-get install chromium chromium-driver; pip install selenium"
        )
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = paths["chromium"]
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(paths["chromedriver"]))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
