"""What the README quotes, measured here and now; peers run in the same process or minute."""
