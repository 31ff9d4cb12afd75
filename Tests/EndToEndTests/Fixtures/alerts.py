"""Counts the tests of each alert that fail if the alert never fires, and if it always fires.

Prints JSON: {"NAME": {"never": 1, "always": 1}}. Writes files to the working directory.

usage: alerts.py RULES TESTS
"""

import json
import re
import shutil
import subprocess
import sys

import yaml

rules_path, tests_path = sys.argv[1:]
shutil.copy(tests_path, "tests.yml")


def failures(expression, expected, got):
    """The number of failing tests of each alert if every rule has this expression."""
    with open(rules_path) as file:
        document = yaml.safe_load(file)
    rules = [rule for group in document["groups"] for rule in group["rules"]]
    for rule in rules:
        rule["expr"] = expression
        rule.pop("for", None)
    with open("connreap.rules.yml", "w") as file:
        yaml.safe_dump(document, file)
    ended = subprocess.run(
        ["promtool", "test", "rules", "tests.yml"], capture_output=True, text=True)
    failed = re.findall(
        rf"alertname: (\w+), time: \S+\s+exp:\[{expected}.*?got:\[{got}",
        ended.stdout + ended.stderr, re.DOTALL)
    return {rule["alert"]: failed.count(rule["alert"]) for rule in rules}


never = failures("vector(0) > 1", r"\s*0:", r"\]")
always = failures("vector(1)", r"\]", r"\s*0:")
print(json.dumps({name: {"never": never[name], "always": always[name]} for name in never}))
