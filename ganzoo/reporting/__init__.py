"""What run folders say, read without keras and torch: for `ganzoo report`, `compare` and `watch`."""
