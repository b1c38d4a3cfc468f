"""The whole catalogue in the formats people ask for; each module writes one, offer by offer, in constant memory."""
