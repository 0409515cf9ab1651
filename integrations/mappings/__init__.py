"""Values or fields of one side turned into the other's: model fields of an integration, and their resolution."""
