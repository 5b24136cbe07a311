"""Nothing but rules, one file each."""
