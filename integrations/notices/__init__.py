"""Telling people and other systems about incidents: by mail, and by signed calls of an organization's own endpoints."""
