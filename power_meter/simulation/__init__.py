"""What all simulated meters share: the load they see, how they measure it, and how they are served."""
