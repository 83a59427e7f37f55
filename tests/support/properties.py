"""How properties are tried: as long as it takes, since a slow machine is no fault of what is tried.

What Hypothesis chooses for CI stays as it is.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "umbel", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("umbel")
