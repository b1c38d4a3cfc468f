"""The desk: pages for people who are signed in.

A handler states the right it needs and gets the form already read and checked:

    @desk_post("/entwurf", right=Right.WRITE)
    def save_draft(request: DeskRequest) -> Response[str]:
        person, form = signed_in(request), form_of(request)

Default is denied: a route without a right keeps the application from starting.
"""
