"""What nbclient or nbval say of notebooks, as JSON: python verdicts.py HOW NOTEBOOK..., in the directory where they are.

The kernel is the kernelspec `notebooks`, so that all run in the same environment.
"""

import json
import pathlib
import sys

import nbclient
import nbformat
import pytest

# A dead kernel is waited for as long as a slow one.
PATIENCE = 12


def by_nbclient(paths):
    verdicts = {}
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        client = nbclient.NotebookClient(notebook, kernel_name="notebooks", timeout=60)
        try:
            client.execute()
            verdicts[path.stem] = "passed"
        except Exception:
            verdicts[path.stem] = "failed"
    return verdicts


class Seen:
    def __init__(self):
        self.verdicts = {}

    def pytest_runtest_logreport(self, report):
        name = pathlib.PurePath(report.nodeid.split("::")[0]).stem
        if report.failed:
            self.verdicts[name] = "failed"
        else:
            self.verdicts.setdefault(name, "passed")


def by_nbval(flag, paths):
    seen = Seen()
    more = ["--nbval-sanitize-with", "sanitize.cfg", "--nbval-kernel-name", "notebooks"]
    more += ["--nbval-cell-timeout", str(PATIENCE), "-p", "no:cacheprovider", "-q", "--tb=no"]
    pytest.main([flag, *more, *map(str, paths)], plugins=[seen])
    return seen.verdicts


def valid(paths):
    for path in paths:
        nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))
    return {str(len(paths)): "valid"}


if __name__ == "__main__":
    how, *names = sys.argv[1:]
    paths = [pathlib.Path(name) for name in names]
    if how == "nbclient":
        verdicts = by_nbclient(paths)
    elif how == "valid":
        verdicts = valid(paths)
    else:
        verdicts = by_nbval(how, paths)
    print()
    print(json.dumps(verdicts))
