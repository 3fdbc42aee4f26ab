"""What each word does to each kind of matter: one module a subject, one table a module."""
