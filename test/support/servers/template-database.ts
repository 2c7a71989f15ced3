/** The migrated database that test databases are copied from. */
export const templateDatabase = 'daybook_template';
