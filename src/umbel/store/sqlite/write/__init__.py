"""From events to rows: the one writer, and what it keeps beside the rows."""
