"""The composition root: the only place, with the commands, that names a back end, a door or the settings."""

from bot.app.root import App, SurfaceFactory, running

__all__ = ["App", "SurfaceFactory", "running"]
