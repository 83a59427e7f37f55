"""Authentication and permissions: users of the settings, API tokens, roles, session keys."""
