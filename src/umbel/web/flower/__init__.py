"""Flower's REST API over our own services, so that scripts written for Flower go on working.

Paths, parameters, answers and status codes are those of Flower 2.2.0; `docs/flower.md` lists
where Umbel differs. Parameters are read as leniently as Flower reads them (`arguments`), errors
are plain text (`responses`), and `routes` is the one table of what there is.
"""
