"""Scorers, and what they are held to."""
