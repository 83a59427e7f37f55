"""From a search text to rows for every face: begin in `search`; `rows` has the shapes."""
