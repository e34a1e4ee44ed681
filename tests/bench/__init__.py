"""Measures Digit Lab against its peers, in one run on one machine.

`make bench` runs every measure, prints a table and writes docs/bench.json and, from
it, docs/bench.svg and docs/growth.svg;
`python -m tests.bench NAME...` runs and writes only those, `--list` names them all, `--quick` runs each for seconds
only and writes nothing. Nothing measured here is asserted by a test: times depend on the machine.

Each module holds the measures of one area. A measure is a function that `measure` decorates: it takes a `Bench` and
yields `Row`s for the table and `Curve`s for the plots.
"""
