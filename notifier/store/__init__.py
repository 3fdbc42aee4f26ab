"""The database: one repository a subject."""
