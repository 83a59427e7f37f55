"""Identity providers: who somebody is by the word of another server, and how it is checked."""
