"""What flies and what radars see of it: `parse_scenario` a TOML text, then `build` truth, plots and antenna marks."""

from hil.scenario.build import Observed, build
from hil.scenario.model import Scenario, parse_scenario
from hil.scenario.radar import MARKERS, Radar

__all__ = ["MARKERS", "Observed", "Radar", "Scenario", "build", "parse_scenario"]
