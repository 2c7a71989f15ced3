"""What Daybook replaces: a cron script that writes row by row with psycopg2 and csv.writer, into the same tables.

Arguments: DSN, folder for CSV, then source=file pairs. Prints one JSON line: seconds.
"""
import csv
import json
import sys
import time

import psycopg2

INSERT = """
with new_key as (
  insert into raw_event_keys (source, source_id, occurred_at) values (%(source)s, %(id)s, %(at)s)
  on conflict (source, source_id) do nothing returning 1)
insert into raw_events (source, source_id, occurred_at, payload)
select %(source)s, %(id)s, %(at)s, %(payload)s where exists (select from new_key)
"""


def main() -> None:
    dsn, folder, *pairs = sys.argv[1:]
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    started = time.monotonic()
    with connection.cursor() as cursor:
        for pair in pairs:
            source, file = pair.split("=", 1)
            with open(file, encoding="utf-8") as lines, open(f"{folder}/{source}.csv", "w", newline="") as out:
                writer = csv.writer(out)
                writer.writerow(["source", "source_id", "occurred_at", "payload"])
                for line in lines:
                    item = json.loads(line)
                    payload = json.dumps(item)
                    values = {"source": source, "id": item["id"], "at": item["published_at"], "payload": payload}
                    cursor.execute(INSERT, values)
                    writer.writerow([source, item["id"], item["published_at"], payload])
    print(json.dumps({"seconds": time.monotonic() - started}))


main()
