"""The programs of the bank and of the scripts are looked at, not imported."""

collect_ignore_glob = ["bank/*", "scripts/*"]
