"""Patients that whynet did not train itself: what other people's programs printed, and what people say of theirs."""
