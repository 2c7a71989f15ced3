#!/bin/sh
# Creates or upgrades the two databases of the Temporal server. Safe to repeat: the tool continues from the version it finds.
set -eu
for name in temporal temporal_visibility; do
  tool="temporal-sql-tool --plugin postgres12 --ep $SQL_HOST --port 5432 --user $SQL_USER --db $name"
  $tool create
  $tool setup-schema --version 0.0
  $tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/${name#temporal_}/versioned"
done
