"""What every page source needs to read a stranger's JSON: parts with their place, clean words, times, severities, keys, signatures."""
