"""Hash-locked requirements, the command that makes them and the one that serves their wheels."""
