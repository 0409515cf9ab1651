"""Records to read: one list and one page for each model."""

from integrations.admin.records import money, parties, people, work  # noqa: F401
