"""The public face of the kreisweit catalogue, the same at a node and at the hub; one module per page or format."""
