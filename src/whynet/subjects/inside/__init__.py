"""Inside any network of any library: what one batch and one step show, asked of arrays alone."""
