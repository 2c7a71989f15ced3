"""What people do when row by row is too slow: psycopg2's execute_values, into the same tables, and csv.writer.

Arguments: DSN, folder for CSV, then source=file pairs. Prints one JSON line: seconds.
"""
import csv
import json
import sys
import time

import psycopg2
from psycopg2.extras import execute_values

CHUNK = 1_000

INSERT = """
with given (source, source_id, occurred_at, payload) as (values %s),
distinct_rows as materialized (
  select distinct on (source, source_id) source, source_id, occurred_at::timestamptz, payload::jsonb
  from given order by source, source_id),
new_keys as (
  insert into raw_event_keys (source, source_id, occurred_at)
  select source, source_id, occurred_at from distinct_rows
  on conflict (source, source_id) do nothing returning source, source_id)
insert into raw_events (source, source_id, occurred_at, payload)
select d.source, d.source_id, d.occurred_at, d.payload from distinct_rows d join new_keys using (source, source_id)
"""


def chunks(lines):
    chunk = []
    for line in lines:
        chunk.append(json.loads(line))
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def main() -> None:
    dsn, folder, *pairs = sys.argv[1:]
    connection = psycopg2.connect(dsn)
    started = time.monotonic()
    with connection.cursor() as cursor:
        for pair in pairs:
            source, file = pair.split("=", 1)
            with open(file, encoding="utf-8") as lines, open(f"{folder}/{source}.csv", "w", newline="") as out:
                writer = csv.writer(out)
                writer.writerow(["source", "source_id", "occurred_at", "payload"])
                for chunk in chunks(lines):
                    rows = [(source, item["id"], item["published_at"], json.dumps(item)) for item in chunk]
                    execute_values(cursor, INSERT, rows, page_size=CHUNK)
                    connection.commit()
                    writer.writerows(rows)
    print(json.dumps({"seconds": time.monotonic() - started}))


main()
