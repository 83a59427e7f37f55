"""ui/src/api/schema.ts is what scripts/api_types.py makes of the OpenAPI document."""

from __future__ import annotations

from scripts.api_types import SCHEMA_FILE, typescript, words, written
from umbel.web.http.openapi import document


def test_the_types_of_the_browser_are_those_of_the_document() -> None:
    made = written(document())

    assert SCHEMA_FILE.read_text(encoding="utf-8") == made, "run scripts/api_types.py"


def test_each_kind_of_schema_becomes_a_type() -> None:
    schemas = {
        "Row": {
            "properties": {
                "id": {"type": "string"},
                "state": {"enum": ["a", "b"]},
                "tags": {
                    "type": "array",
                    "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                },
                "by-name": {"type": "object", "additionalProperties": {"$ref": "#/x/Row"}},
                "pair": {"type": "array", "prefixItems": [{"type": "number"}, {"const": 1}]},
                "value": {"description": "Any JSON value."},
            },
            "required": ["id"],
        },
        "Any": {"type": "array"},
    }

    assert typescript(schemas).partition("*/\n\n")[2] == (
        "export type Any = unknown[]\n"
        "\n"
        "export interface Row {\n"
        "  id: string\n"
        "  state?: 'a' | 'b'\n"
        "  tags?: (number | null)[]\n"
        "  'by-name'?: Record<string, Row>\n"
        "  pair?: [number, 1]\n"
        "  value?: unknown\n"
        "}\n"
    )


def test_words_that_a_parameter_takes_become_a_type() -> None:
    order, limit = {"enum": ["-seen", "seen"]}, {"type": "integer"}
    parameters = [{"name": "order", "schema": order}, {"name": "limit", "schema": limit}]
    paths = {"/tasks": {"get": {"operationId": "tasks", "parameters": parameters}}}

    assert words(paths) == {"TasksOrder": order}
    assert "export type TasksOrder = '-seen' | 'seen'" in typescript(words(paths))
