"""Judges JUnit reports by the schema of Jenkins' xUnit plugin (junit-10.xsd).

    junit.py SCHEMA FILE...

Exit code 1 where a file is not as the schema has it; each mistake is a line.
"""

import sys
from pathlib import Path

import xmlschema

schema = xmlschema.XMLSchema(sys.argv[1])
red = 0
for name in sys.argv[2:]:
    mistakes = [f"{error.path}: {error.reason}" for error in schema.iter_errors(name)]
    for mistake in mistakes:
        print(f"{Path(name).name}: {mistake}")
    red += bool(mistakes)
print(f"junit-10.xsd: {len(sys.argv[2:])} reports, {red} refused")
sys.exit(bool(red) or len(sys.argv) < 3)
