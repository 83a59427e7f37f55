"""The HTTP face: one table of routes, the live stream, the built pages, and the server."""
