"""Loading records from files: reading (`files`, `json_documents`, `csv_tables`, `reading`) and writing (`writing`) apart."""
