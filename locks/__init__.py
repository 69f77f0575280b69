"""Hash-locked requirements: one for the controller, one per board platform and backend, and the command that makes them."""
