"""The second factor of people with passwords, over HTTP."""
