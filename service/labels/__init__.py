"""Label events in and out of files: as CSV, JSON lines and Label Studio's JSON."""
