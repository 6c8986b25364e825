"""A program's text, mended: a few lines of it, in its own style, that are tested before they are shown.

source      a text, its statements and what they name
mends       texts in which a wrong line is another, likeliest first
healed      of these, the one that the x-ray finds nothing wrong with
settings    a text with another rate, number of epochs, initial weights
patch       the difference, and what is done with it
"""
