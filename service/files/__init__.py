"""Files of headlines: CSV, JSON lines and Parquet, a chunk of rows at a time."""
