"""The schema's history; how to add to it is told in env.py."""
