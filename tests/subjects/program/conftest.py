"""The programs of the bank, the posted ones and the scripts are looked at, not imported."""

collect_ignore_glob = ["bank/*", "posted/*", "scripts/*"]
