/** The environment of a command line of Daybook that uses this database. */
export function settingsInEnvironment({ host, port, database, user, password }) {
  return {
    ...process.env,
    PG_HOST: host,
    PG_PORT: String(port),
    PG_DB: database,
    PG_USER: user,
    PG_PASSWORD: password,
  };
}
