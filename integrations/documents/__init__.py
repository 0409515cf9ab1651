"""Documents that people read, made of records: pure functions from a record to bytes, for every provider that sends them along."""
