"""Who may carry the pager: competencies, the gate, what is missing, and who may see it."""
