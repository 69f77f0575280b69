"""A sweep for others: tables, a research object, and a description of each system."""
