"""Components from tables: the constructor's signature is the schema."""
