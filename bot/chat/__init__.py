"""Questions about a triaged incident: understood without a language model, answered from its report, refused where they ask to act."""
