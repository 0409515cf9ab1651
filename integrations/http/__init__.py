"""The one seam to the outside: every call to a vendor goes through here. No ORM."""
