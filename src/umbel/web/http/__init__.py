"""The thin layer between Starlette and our handlers: parameters, bodies, answers, problems and
the OpenAPI document, each made from one route. README.md here says how a route is made.
"""
