"""The stores' own rules."""
