"""Build, convert, verify and trace the artifacts that edgebench deploys to boards."""
