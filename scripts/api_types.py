"""The HTTP API's values as TypeScript, for the browser's part.

`python scripts/api_types.py` writes `ui/src/api/schema.ts` from the OpenAPI document; a test of
`tests/docs` fails when the two differ. Each schema is an interface, and each parameter that takes
one of several words is a type, `TasksOrder` that of `order` of the route `tasks`; what they mean
stands in the document. What that leaves open (the word of a state) the browser narrows, in
`api/types.ts`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from umbel.web.http.openapi import document

SCHEMA_FILE: Final = Path(__file__).resolve().parents[1] / "ui" / "src" / "api" / "schema.ts"
_HEADER: Final = """\
/**
 * The HTTP API's values, as its OpenAPI document has them.
 *
 * Written by scripts/api_types.py: do not change it by hand.
 */
"""
_SIMPLE: Final = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}

Json = dict[str, Any]


def typescript(schemas: Json) -> str:
    """The module with one interface (or type) for each of the document's schemas."""
    return _HEADER + "".join(f"\n{_declared(name, schemas[name])}\n" for name in sorted(schemas))


def words(paths: Json) -> Json:
    """The schemas of the parameters that take one of several words, by the names of their types."""
    return {
        _camel(operation["operationId"]) + parameter["name"].capitalize(): parameter["schema"]
        for methods in paths.values()
        for operation in methods.values()
        for parameter in operation["parameters"]
        if "enum" in parameter["schema"]
    }


def _camel(name: str) -> str:
    """`AllTasks` of `all-tasks`."""
    return "".join(word.capitalize() for word in name.split("-"))


def written(document: Json) -> str:
    """The module for an OpenAPI document."""
    return typescript({**document["components"]["schemas"], **words(document["paths"])})


def _declared(name: str, schema: Json) -> str:
    if "properties" not in schema:
        return f"export type {name} = {_type(schema)}"
    required = set(schema.get("required", ()))
    lines = [
        f"  {_key(key)}{'' if key in required else '?'}: {_type(part)}"
        for key, part in schema["properties"].items()
    ]
    return "\n".join([f"export interface {name} {{", *lines, "}"])


def _type(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(part) for part in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    if "const" in schema:
        return _literal(schema["const"])
    match schema.get("type"):
        case "array":
            return _array(schema)
        case "object":
            return f"Record<string, {_type(schema.get('additionalProperties', {}))}>"
        case str() as kind:
            return _SIMPLE[kind]
        case _:
            return "unknown"


def _array(schema: Json) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(part) for part in schema['prefixItems'])}]"
    inner = _type(schema.get("items", {}))
    return f"({inner})[]" if " | " in inner else f"{inner}[]"


def _literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else f"'{name}'"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(written(document()), encoding="utf-8")
