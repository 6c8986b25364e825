"""Symptoms: what can be measured. Numbers only; nothing is judged here."""
