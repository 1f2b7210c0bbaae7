"""Reads every table in its three forms with DuckDB and pandas, and compares what they find."""

import json
import pathlib
import sys

import duckdb
import pandas

NUMBERS = {"ccode1", "ccode2", "year", "gwno1", "gwno2", "sanctions"}


def by_duckdb(path):
    how = {
        "csv": "read_csv(?, all_varchar=true, header=true)",
        "parquet": "read_parquet(?)",
        "jsonl": "read_json(?, format='newline_delimited', convert_strings_to_integers=false)",
    }[path.suffix[1:]]
    read = duckdb.execute(f"select * from {how}", [str(path)])
    columns = [column[0] for column in read.description]
    return columns, [list(row) for row in read.fetchall()]


def by_pandas(path):
    if path.suffix == ".csv":
        frame = pandas.read_csv(path, dtype=str)
    elif path.suffix == ".parquet":
        frame = pandas.read_parquet(path)
    else:
        frame = pandas.read_json(path, lines=True, dtype=False, convert_dates=False)
    rows = frame.astype(object).where(frame.notna(), None).values.tolist()
    return list(frame.columns), rows


def plain(cell):
    """A cell as CSV writes it: what other forms hold as a number or a date is text there."""
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def grid(columns, rows):
    return [{name: plain(cell) for name, cell in zip(columns, row) if plain(cell)} for row in rows]


work = pathlib.Path(sys.argv[1])
compared = 0
for table in ("standings", "intervals", "dyad-years"):
    for reader in (by_duckdb, by_pandas):
        columns, rows = reader(work / f"{table}.csv")
        assert rows, f"{table}: no rows"
        for form in ("parquet", "jsonl"):
            found, others = reader(work / f"{table}.{form}")
            place = f"{table}.{form} by {reader.__name__}"
            # A line of JSON leaves out what is empty; Parquet has every column.
            assert found == columns if form == "parquet" else set(found) <= set(columns), (place, found, columns)
            assert len(others) == len(rows), (place, len(others), len(rows))
            ours, theirs = grid(columns, rows), grid(found, others)
            wrong = next(((a, b) for a, b in zip(ours, theirs) if a != b), None)
            assert wrong is None, (place, wrong)
            compared += len(rows)
        empty, none = reader(work / f"no-{table}.csv")
        found, others = reader(work / f"no-{table}.parquet")
        assert (empty, none, others) == (columns, [], []) and found == columns, f"no-{table}"
        assert (work / f"no-{table}.jsonl").read_text() == "", f"no-{table}.jsonl"

types = dict(duckdb.execute(f"select column_name, column_type from (describe select * from '{work}/dyad-years.parquet')").fetchall())
assert {name for name, kind in types.items() if kind == "BIGINT"} == NUMBERS, types
years = duckdb.execute(f"select min(year), max(year) from '{work}/dyad-years.parquet'").fetchone()
assert years == (1816, 2023), years
sample = json.loads((work / "dyad-years.jsonl").read_text().splitlines()[0])
assert all(isinstance(sample[name], int) for name in NUMBERS & sample.keys()), sample
print(f"readers: duckdb {duckdb.__version__} and pandas {pandas.__version__} agree on {compared} rows")
