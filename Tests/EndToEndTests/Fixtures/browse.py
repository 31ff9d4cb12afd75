"""Opens a page in headless Chromium at several widths, light and dark. Prints findings as JSON.

usage: browse.py PAGE DIRECTORY

Saves screenshots and a PDF of the page in DIRECTORY.
"""
import base64
import json
import sys

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

page, directory = sys.argv[1:]
options = Options()
for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
                 f"--user-data-dir={directory}/profile"):
    options.add_argument(argument)
options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))

# Finds elements that extend beyond the window, and chart labels that overlap.
MEASURE = """
const wide = [...document.querySelectorAll('body *')].filter(element => {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return box.width > 0 && style.position !== 'absolute' && !element.closest('thead')
    && (box.right > innerWidth + 0.5 || box.left < -0.5);
}).map(element => element.tagName + ' ' + element.textContent.slice(0, 40));
const overlapping = [];
for (const image of document.querySelectorAll('svg')) {
  const texts = [...image.querySelectorAll('text')].map(text => [text, text.getBoundingClientRect()]);
  for (const [one, a] of texts) for (const [other, b] of texts) {
    if (one !== other && a.left < b.right - 0.5 && b.left < a.right - 0.5
        && a.top < b.bottom - 3 && b.top < a.bottom - 3) {
      overlapping.push(one.textContent + ' / ' + other.textContent);
    }
  }
}
return {
  width: document.documentElement.scrollWidth, window: innerWidth, wide: wide, upon: overlapping,
  background: getComputedStyle(document.body).backgroundColor,
  ink: getComputedStyle(document.body).color,
  title: document.title, headline: document.querySelector('.headline').textContent,
  images: document.querySelectorAll('svg').length,
  rows: document.querySelectorAll('tbody tr').length,
  scripts: document.scripts.length,
  resources: performance.getEntriesByType('resource').length,
};
"""


def role_and_name(node):
    """The role and name of a node, as a screen reader gets them."""
    return [node["role"]["value"], node.get("name", {}).get("value", "")]


def measure(width, scheme):
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
    driver.get("file://" + page)
    found = driver.execute_script(MEASURE)
    height = driver.execute_script("return document.documentElement.scrollHeight")
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {
        "captureBeyondViewport": True,
        "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}})
    with open(f"{directory}/{scheme}-{width}.png", "wb") as file:
        file.write(base64.b64decode(picture["data"]))
    return found


try:
    # Discard the log entries of the browser's start page.
    driver.get("about:blank")
    for log in ("browser", "performance"):
        driver.get_log(log)
    result = {"looks": {}}
    for width, scheme in ((1400, "light"), (1400, "dark"), (1000, "light"), (768, "light"),
                          (360, "light"), (360, "dark")):
        result["looks"][f"{scheme} {width}"] = measure(width, scheme)
    nodes = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    result["tree"] = [role_and_name(node) for node in nodes if not node.get("ignored")]
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    with open(f"{directory}/print.pdf", "wb") as file:
        file.write(base64.b64decode(printed["data"]))
    result["log"] = [entry["message"] for entry in driver.get_log("browser")]
    requests = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    result["requests"] = sorted({
        request["params"]["request"]["url"] for request in requests
        if request["method"] == "Network.requestWillBeSent"})
    json.dump(result, sys.stdout)
finally:
    driver.quit()
