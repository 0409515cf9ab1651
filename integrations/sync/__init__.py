"""Records going out and coming in. All state is in the core's tables; engines only ask for the next turn."""
