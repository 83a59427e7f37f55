"""One query language for every face: text to `Query` and back, `Query` × `Task` → bool,
`Query` → SQL, and the sentence that says what a query means."""
