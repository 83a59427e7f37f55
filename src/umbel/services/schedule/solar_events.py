"""When the sun stands at a height at a place.

Theory of operation. Declination and equation of time by the low-precision solar coordinates of the
Astronomical Almanac, from mean longitude and anomaly; then the hour angle at which the sun
has the height of the event, and once more with the coordinates of that moment. That is right to
some seconds between the polar circles, where Celery with `ephem` is, too; near them, to a minute.
The heights are those of Celery (celery/schedules.py, `solar`): the sun's upper edge at 34' below
the horizon for rising and setting, its centre for dawn and dusk.
"""

from __future__ import annotations

from math import acos, asin, cos, degrees, radians, sin, tan
from typing import Final

from umbel.beat.base import Solar

#: Height of the sun's centre in degrees, and on which side of noon: -1 before, 1 after, 0 at noon.
#: (34' of refraction and 16' of the sun's radius are 0.833 degrees.)
EVENTS: Final[dict[str, tuple[float, int]]] = {
    "dawn_astronomical": (-18.0, -1),
    "dawn_nautical": (-12.0, -1),
    "dawn_civil": (-6.0, -1),
    "sunrise": (-0.833, -1),
    "solar_noon": (0.0, 0),
    "sunset": (-0.833, 1),
    "dusk_civil": (-6.0, 1),
    "dusk_nautical": (-12.0, 1),
    "dusk_astronomical": (-18.0, 1),
}
#: Where the sun does not rise or set it does so within this many days, but at the poles.
DAYS_MAX: Final = 370
_J2000: Final = 946_728_000.0
_DAY_S: Final = 86_400.0


def next_of_sun(solar: Solar, after: float) -> float | None:
    """The first time after `after` (Unix seconds); None if there is none within a year, or no such
    event."""
    if solar.event not in EVENTS:
        return None
    noon = _noon_near(after - _DAY_S, solar.longitude)
    for day in range(DAYS_MAX):
        found = _event_of_day(solar, noon + day * _DAY_S)
        if found is not None and found > after + 1.0:
            return found
    return None


def _noon_near(at: float, longitude: float) -> float:
    """A mean noon of the place within half a day."""
    offset_s = longitude * 240.0
    return round((at + offset_s) / _DAY_S) * _DAY_S + _DAY_S / 2 - offset_s


def _event_of_day(solar: Solar, noon: float) -> float | None:
    height, side = EVENTS[solar.event]
    at = noon
    for _ in range(3):
        declination, equation_s = _sun(at)
        transit = noon - equation_s
        if side == 0:
            at = transit
            continue
        angle = _hour_angle(height, solar.latitude, declination)
        if angle is None:
            return None
        at = transit + side * angle * 240.0
    return at


def _hour_angle(height: float, latitude: float, declination: float) -> float | None:
    """Degrees between noon and the moment at which the sun has that height."""
    place = radians(max(-89.9, min(89.9, latitude)))
    cosine = sin(radians(height)) / (cos(place) * cos(declination)) - tan(place) * tan(declination)
    return degrees(acos(cosine)) if -1.0 <= cosine <= 1.0 else None


def _sun(at: float) -> tuple[float, float]:
    """Its declination in radians, and by how many seconds it is ahead of the mean sun."""
    days = (at - _J2000) / _DAY_S
    longitude = (280.460 + 0.9856474 * days) % 360.0
    anomaly = radians((357.528 + 0.9856003 * days) % 360.0)
    ecliptic = radians(longitude + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 0.0000004 * days)
    declination = asin(sin(tilt) * sin(ecliptic))
    half = tan(tilt / 2) ** 2
    ahead = degrees(ecliptic) - degrees(half * sin(2 * ecliptic) - half**2 / 2 * sin(4 * ecliptic))
    return declination, ((longitude - ahead + 180.0) % 360.0 - 180.0) * 240.0
