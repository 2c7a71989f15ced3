"""dlt: the same records into a table of its own, each key once. No CSV is written.

Arguments: DSN, folder for its state, then source=file pairs. Prints one JSON line: seconds.
"""
import json
import os
import sys
import time

dsn, folder, *pairs = sys.argv[1:]
# Read when dlt is loaded: nothing of it may be left on the machine, or be sent.
os.environ.update({"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL", "DLT_DATA_DIR": folder})

import dlt  # noqa: E402


@dlt.resource(name="records", write_disposition="merge", primary_key=("source", "id"), max_table_nesting=0)
def records():
    for pair in pairs:
        source, file = pair.split("=", 1)
        with open(file, encoding="utf-8") as lines:
            for line in lines:
                yield {"source": source, **json.loads(line)}


def main() -> None:
    parts = dict(part.split("=", 1) for part in dsn.split(" "))
    url = f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{parts['dbname']}"
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=folder,
        destination=dlt.destinations.postgres(url),
        dataset_name="bench_dlt",
    )
    started = time.monotonic()
    pipeline.run(records())
    print(json.dumps({"seconds": time.monotonic() - started}))


main()
