"""The catalogue in the words of HSDS 3.2.3 (Open Referral), profile "kreisweit 1.0": documents in, JSON values out."""
