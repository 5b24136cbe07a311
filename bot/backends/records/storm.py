"""When incidents open faster than anybody can read cards, they share one message. Pure."""

from dataclasses import dataclass

COUNTED_S = 60.0  # incidents opened within this time make a storm, or do not
CALM_S = 300.0  # a storm that begins again within this time is the same one


@dataclass(frozen=True)
class Weather:
    """`lately`: loud incidents opened in the last COUNTED_S. `digest`: the newest storm, `newest`: when its last incident opened."""

    lately: int
    digest: int | None = None
    newest: float = 0.0


def digest_of(weather: Weather, at: float, storm_at: int) -> int | None:
    """The storm that an incident opened at `at` (epoch seconds) is told in: its number, 0 for a new one, None for no storm.

    A storm begins above `storm_at` incidents a minute, and goes on until they come at less than half that rate.
    """
    if storm_at <= 0:
        return None
    going = weather.digest is not None and at - weather.newest <= CALM_S
    if weather.lately >= storm_at:
        return weather.digest if going else 0
    return weather.digest if going and weather.lately * 2 >= storm_at else None
