"""Validates policy files against a JSON schema. Prints the first fault of each file, or "fine"."""

import json
import sys

import jsonschema
import yaml

with open(sys.argv[1]) as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for path in sys.argv[2:]:
    with open(path) as file:
        document = yaml.safe_load(file)
    faults = sorted(validator.iter_errors(document), key=lambda fault: list(map(str, fault.path)))
    print("fine" if not faults else "fault at " + "/".join(map(str, faults[0].path)))
