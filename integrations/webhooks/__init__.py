"""When a vendor calls us: verified, kept, answered at once. A webhook is a hint; the truth is fetched."""
