"""target-postgres of Meltano: the same records into a table of its own, each key once. No CSV is written.

Arguments: DSN, folder, then source=file pairs. Prints one JSON line: seconds. What a tap would send is written before the clock starts.
"""
import json
import os
import subprocess
import sys
import time

SCHEMA = {
    "type": "SCHEMA",
    "stream": "records",
    "key_properties": ["source", "id"],
    "schema": {
        "properties": {
            "source": {"type": "string"},
            "id": {"type": "string"},
            "published_at": {"type": "string", "format": "date-time"},
            "title": {"type": "string"},
            "body": {"type": "string"},
            "tickers": {"type": "array", "items": {"type": "string"}},
            "sentiment": {"type": "number"},
            "lang": {"type": "string"},
        }
    },
}


def main() -> None:
    dsn, folder, *pairs = sys.argv[1:]
    parts = dict(part.split("=", 1) for part in dsn.split(" "))
    config = {
        "host": parts["host"],
        "port": int(parts["port"]),
        "user": parts["user"],
        "password": parts["password"],
        "database": parts["dbname"],
        "default_target_schema": "bench_target",
        "add_record_metadata": False,
        "activate_version": False,
    }
    with open(f"{folder}/config.json", "w", encoding="utf-8") as out:
        json.dump(config, out)
    with open(f"{folder}/messages", "w", encoding="utf-8") as out:
        out.write(json.dumps(SCHEMA) + "\n")
        for pair in pairs:
            source, file = pair.split("=", 1)
            with open(file, encoding="utf-8") as lines:
                for line in lines:
                    record = {"source": source, **json.loads(line)}
                    out.write(json.dumps({"type": "RECORD", "stream": "records", "record": record}) + "\n")
    program = os.path.join(os.path.dirname(sys.executable), "target-postgres")
    started = time.monotonic()
    with open(f"{folder}/messages", encoding="utf-8") as messages:
        done = subprocess.run(
            [program, "--config", f"{folder}/config.json"], stdin=messages, capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        sys.exit(done.stderr[-2000:])
    print(json.dumps({"seconds": time.monotonic() - started}))


main()
