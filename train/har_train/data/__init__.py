"""Recordings as labelled windows: fetched, described, cut and split by user."""
