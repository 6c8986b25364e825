"""Networks of other libraries: `course` is the way of all, `guest` trains what no recipe can say; `pytorch`, `keras3`
and `scikit` read their models. None of these libraries is needed to import this."""
