"""Runs on a Ray cluster and over several hosts, all of them processes of this machine (cluster)."""
