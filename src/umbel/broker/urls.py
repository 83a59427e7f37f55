"""Broker addresses as people may see them: with every secret masked."""

from umbel.masking import MASK, mask

__all__ = ["MASK", "mask"]
