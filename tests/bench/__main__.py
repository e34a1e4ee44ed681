"""`python -m tests.bench [NAME...] [--quick] [--list]`; see the package."""

import argparse
import importlib
import pkgutil

from tests import bench
from tests.bench import report
from tests.bench.measures import MEASURES, Bench, Row


def main() -> None:
    """Measure, print and write."""
    for module in pkgutil.iter_modules(bench.__path__):
        if module.name != "__main__":
            importlib.import_module(f"{bench.__name__}.{module.name}")
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=bench.__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="measures to run; all where none is named")
    parser.add_argument("--quick", action="store_true", help="run each for seconds only, and write nothing")
    parser.add_argument("--list", action="store_true", help="name the measures")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - MEASURES.keys():
        parser.error(f"no such measure: {', '.join(sorted(unknown))}. There are {', '.join(MEASURES)}.")
    if arguments.list:
        for name, function in MEASURES.items():
            print(f"{name:16} {(function.__doc__ or '').splitlines()[0]}")
        return
    conditions = report.machine()
    print(*(f"{name} {value}" for name, value in conditions.items()), sep=", ", end="\n\n")
    run = Bench(quick=arguments.quick)
    try:
        for name in arguments.names or MEASURES:
            results = []
            for item in MEASURES[name](run):
                results.append(item)
                if isinstance(item, Row):
                    print(report.line(item), flush=True)
            if not arguments.quick:
                report.write(name, conditions, results)
                report.plot()
        if not arguments.names and not arguments.quick:
            report.forget_all_but(MEASURES)
    finally:
        run.close()


if __name__ == "__main__":
    main()
