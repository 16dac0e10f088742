"""Hooks of the run of schemathesis in tests/tests/openapi_requests.rs.

Generated identifiers name nothing, and a call with one ends at 404 before the code under test. So the hook fills in
the identifiers of real objects, which the Rust test passes in VECHE_TEST_OBJECTS. Calls that delete keep generated ones:
the objects are needed by the calls after them.

The check holds the document to its word: a request that the schema allows is refused with 422 only if the refusal names
a field of the request, and the document says something about that field: a description, or bounds of its own.
"""

import json
import os

import requests
import schemathesis
from schemathesis.generation import GenerationMode

OBJECTS = json.loads(os.environ["VECHE_TEST_OBJECTS"])
DOCUMENT = json.loads(requests.get(os.environ["VECHE_TEST_BASE"] + "/openapi.json", timeout=60).text)
# A field with one of these says what fits.
BOUNDS = {"description", "enum", "format", "maxLength", "minLength", "pattern", "maximum", "minimum", "maxItems", "const"}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.operation.method.upper() != "DELETE" and case.path_parameters:
        case.path_parameters = {name: OBJECTS.get(name, value) for name, value in case.path_parameters.items()}


@schemathesis.check
def refusals_are_documented(ctx, response, case):
    if response.status_code != 422 or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    refusal = response.json()
    if refusal["error"] != "INVALID_DATA":
        return
    fields = list(refusal.get("details", {}))
    assert fields, f"a refusal that names no field: {refusal}"
    known = documented(case.operation.path, case.operation.method)
    if known is None:
        return
    for field in fields:
        # `contacts.0.phone` is about the phone of the first item.
        names = [name for name in field.split(".") if not name.isdigit()]
        assert any(name in known for name in names), (
            f"{field} is refused, and the document says nothing about it: {refusal}"
        )


def documented(path, method):
    """The names of the parameters and fields of an operation about which the document says what fits.

    None for a body without fields whose description refers to another document.
    """
    operation = DOCUMENT["paths"][path][method.lower()]
    found = set()
    for parameter in operation.get("parameters", []):
        if BOUNDS & (set(parameter) | set(parameter.get("schema", {}))):
            found.add(parameter["name"])
    body = operation.get("requestBody", {})
    for content in body.get("content", {}).values():
        if content.get("schema") == {"type": "object"} and body.get("description"):
            return None
        collect(content.get("schema", {}), found, set())
    return found


def collect(schema, found, seen):
    """Adds the fields of a schema, at any depth."""
    if not isinstance(schema, dict):
        return
    reference = schema.get("$ref")
    if reference:
        if reference not in seen:
            seen.add(reference)
            collect(DOCUMENT["components"]["schemas"][reference.rsplit("/", 1)[-1]], found, seen)
        return
    for name, inner in schema.get("properties", {}).items():
        if BOUNDS & set(inner):
            found.add(name)
        collect(inner, found, seen)
    for part in ("items", "additionalProperties"):
        collect(schema.get(part), found, seen)
    for part in ("oneOf", "anyOf", "allOf"):
        for inner in schema.get(part, []):
            collect(inner, found, seen)
