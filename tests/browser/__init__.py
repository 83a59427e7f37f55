"""The application in a real browser, on a shop whose history is scripted."""
