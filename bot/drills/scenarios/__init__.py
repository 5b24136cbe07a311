"""What can be drilled: recipes in playbooks/drills, and the incident each seed makes of one."""
