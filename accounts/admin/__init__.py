"""The organization in its admin: people and roles, invitations, settings; users and organizations for operators."""

from accounts.admin import domains, invitations, organizations, people, users  # noqa: F401
