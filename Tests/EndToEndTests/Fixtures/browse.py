"""Opens a page in headless Chromium at each width, light and dark, and says as JSON what it found.

usage: browse.py PAGE FOLDER

Pictures of the page are left in FOLDER, and the page as it is printed.
"""
import base64
import json
import sys

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

page, folder = sys.argv[1:]
options = Options()
for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
                 f"--user-data-dir={folder}/profile"):
    options.add_argument(argument)
options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))

# What an element shows must be inside of the window, and no text may lie upon another.
MEASURE = """
const wide = [...document.querySelectorAll('body *')].filter(element => {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return box.width > 0 && style.position !== 'absolute' && !element.closest('thead')
    && (box.right > innerWidth + 0.5 || box.left < -0.5);
}).map(element => element.tagName + ' ' + element.textContent.slice(0, 40));
const upon = [];
for (const image of document.querySelectorAll('svg')) {
  const texts = [...image.querySelectorAll('text')].map(text => [text, text.getBoundingClientRect()]);
  for (const [one, a] of texts) for (const [other, b] of texts) {
    if (one !== other && a.left < b.right - 0.5 && b.left < a.right - 0.5
        && a.top < b.bottom - 3 && b.top < a.bottom - 3) {
      upon.push(one.textContent + ' / ' + other.textContent);
    }
  }
}
return {
  width: document.documentElement.scrollWidth, window: innerWidth, wide: wide, upon: upon,
  background: getComputedStyle(document.body).backgroundColor,
  ink: getComputedStyle(document.body).color,
  title: document.title, headline: document.querySelector('.headline').textContent,
  images: document.querySelectorAll('svg').length,
  rows: document.querySelectorAll('tbody tr').length,
  scripts: document.scripts.length,
  resources: performance.getEntriesByType('resource').length,
};
"""


def accessible(node, nodes):
    """The roles and names that a screen reader is told."""
    return [node["role"]["value"], node.get("name", {}).get("value", "")]


def look(width, scheme):
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
    with open(f"{folder}/{scheme}-{width}.png", "wb") as file:
        file.write(base64.b64decode(picture["data"]))
    return found


try:
    # The browser's own first page is not what is looked at.
    driver.get("about:blank")
    for log in ("browser", "performance"):
        driver.get_log(log)
    result = {"looks": {}}
    for width, scheme in ((1400, "light"), (1400, "dark"), (1000, "light"), (768, "light"),
                          (360, "light"), (360, "dark")):
        result["looks"][f"{scheme} {width}"] = look(width, scheme)
    nodes = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    result["tree"] = [accessible(node, nodes) for node in nodes if not node.get("ignored")]
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    with open(f"{folder}/print.pdf", "wb") as file:
        file.write(base64.b64decode(printed["data"]))
    result["log"] = [entry["message"] for entry in driver.get_log("browser")]
    requests = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    result["requests"] = sorted({
        request["params"]["request"]["url"] for request in requests
        if request["method"] == "Network.requestWillBeSent"})
    json.dump(result, sys.stdout)
finally:
    driver.quit()
