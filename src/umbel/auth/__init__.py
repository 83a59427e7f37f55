"""Authentication and permissions: passwords, API tokens, rules that make roles of claims, roles."""
