"""The experiments of people who asked why their network does not learn, as recipes with the figures they published."""
