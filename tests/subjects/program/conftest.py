"""The bank's programs are looked at, not imported."""

collect_ignore_glob = ["bank/*"]
