"""What browsers get: templates and styles of the list and the pages around it."""
