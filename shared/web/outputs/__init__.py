"""What integrators read over HTTP: the HSDS API, changes, and the whole catalogue in many formats; node and hub alike.

Open to everybody, without key and cookie; nothing here can be written to.
"""
