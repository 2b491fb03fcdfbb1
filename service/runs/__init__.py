"""Training runs: asked for, carried out by processes of their own, judged by the gate."""
