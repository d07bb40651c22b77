"""Who hears of it, and when? Reserved for the server; nothing of the checker imports it."""
