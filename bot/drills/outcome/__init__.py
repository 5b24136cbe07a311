"""Whether it helps: how incidents went, what drills taught, which drills are good questions; a report a month."""
