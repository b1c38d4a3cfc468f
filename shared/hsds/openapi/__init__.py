"""The description of the HSDS API as OpenAPI 3.1, made from the tables that the answers are made from."""
