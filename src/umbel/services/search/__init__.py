"""From a search text to rows, as every face shows them: `search` has the way through."""
