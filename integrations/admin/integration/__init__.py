"""The page of one integration, made from its provider's declaration alone."""
