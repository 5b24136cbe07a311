"""A door for people at a terminal: the same sentences as on Slack, in Rich."""
