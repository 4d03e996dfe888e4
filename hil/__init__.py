"""radar-hil: a hardware-in-the-loop test harness for radar interface boxes."""

__version__ = "0.1.0"
