"""Values -> Block Kit. Pure: nothing here talks to Slack."""
