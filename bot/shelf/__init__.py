"""The shelf: folders of Markdown runbooks become passages, an index, and answers with a floor."""
