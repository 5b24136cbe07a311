"""A stateful Slack for tests: real sockets, its own reading of Slack's rules, faults on demand."""

from tests.slack.fake.rules import Broken
from tests.slack.fake.server import FakeSlack, serving
from tests.slack.fake.transport import Http, Socket

__all__ = ["Broken", "FakeSlack", "Http", "Socket", "serving"]
