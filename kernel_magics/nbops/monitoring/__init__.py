"""Monitoring: drift between two data sets, and how it is decided."""
