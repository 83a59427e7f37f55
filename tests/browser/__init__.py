"""The application in a real browser, on the real demo."""
