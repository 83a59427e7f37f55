"""From a socket to the application: listening, connections, their bounds, TLS, and the end."""
