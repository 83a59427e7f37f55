"""Logins by identity providers, and the sessions of all logins: begun, checked again, ended."""
