"""An integration's settings and mappings as a JSON document without secrets: to keep, to compare, to carry elsewhere.

    {"provider": "ledger", "name": "Books", "subsidiary": {"name": "Northwind", "productive_id": "12"},
     "settings": {"export_number": true,
                  "tax_rate_mapping": [{"from": {"name": "19 % VAT", "productive_id": "7"}, "to": "OUTPUT"}]}}

`settings` are the fields that the provider's sections name. What a document leaves out stays as it is; a mapping that it
has is replaced as a whole. Records are known by their Productive id, else by their name.
"""

from integrations.settings_file.change import Change, Unfit
from integrations.settings_file.document import apply, as_document, changes
from integrations.settings_file.reading import MOST_BYTES, read, written

__all__ = ["MOST_BYTES", "Change", "Unfit", "apply", "as_document", "changes", "read", "written"]
