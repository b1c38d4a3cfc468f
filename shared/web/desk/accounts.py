"""The pages that keep accounts, for those who may; and who may do what, for everybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from shared.accounts import keeping
from shared.accounts.keeping import Invited, Profile
from shared.accounts.links import DESK
from shared.accounts.rights import RIGHT_TEXTS, Right
from shared.errors import ConflictError, RuleError
from shared.web.desk.desk import Desk
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

ACCOUNTS = f"{DESK}/konten"
_Problems = Mapping[str, Sequence[str]]


def account_routes(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the routes about accounts of others, and the table of roles."""
    return [*_list_routes(desk), *_edit_routes(desk), *_blocking_routes(desk), *_link_routes(desk), _roles_route(desk)]


def _profile(desk: Desk, form: Form) -> Profile:
    if desk.registry.limit().choices:
        # Boxes that were ticked for another role: that one has no limit.
        is_limited = desk.registry.roles.of(form.text("role")).is_limited
        providers = tuple(value for value in form.texts("providers") if value) if is_limited else ()
    else:
        providers = tuple(line.strip() for line in form.text("providers").split("\n") if line.strip())
    return Profile(form.text("display"), form.text("role"), providers)


def _role_options(desk: Desk) -> list[tuple[str, str]]:
    return [(role.code, role.title) for role in desk.registry.roles]


def _list_page(
    desk: Desk, request: DeskRequest, form: Form, problems: _Problems, status_code: int = 200
) -> Response[str]:
    return desk.respond(
        request, "desk/accounts.html", status_code=status_code, problems=problems, form=form, path=ACCOUNTS,
        listed=keeping.list_accounts(desk.registry), roles=desk.registry.roles, role_options=_role_options(desk),
        limit=desk.registry.limit(),
    )  # fmt: skip


def _edit_page(
    desk: Desk, request: DeskRequest, account_id: int, profile: Profile | None, problems: _Problems,
    status_code: int = 200, refusal: ConflictError | None = None,
) -> Response[str]:  # fmt: skip
    listed, changes = keeping.show_account(desk.registry, account_id)
    account = listed.account
    return desk.respond(
        request, "desk/account_edit.html", status_code=status_code, problems=problems, listed=listed, account=account,
        profile=profile or Profile(account.display, account.role, account.providers), changes=changes,
        roles=desk.registry.roles, role_options=_role_options(desk), refusal=refusal, path=ACCOUNTS,
        limit=desk.registry.limit(),
    )  # fmt: skip


def _link_page(desk: Desk, request: DeskRequest, invited: Invited) -> Response[str]:
    """Show a one-time link, once: it is kept nowhere, so this page cannot be had again."""
    listed, _ = keeping.show_account(desk.registry, invited.account_id)
    base = desk.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
    link = base + desk.pages.url(invited.path)
    return desk.respond(
        request, "desk/account_link.html", account=listed.account, link=link, invited=invited, path=ACCOUNTS
    )


def _list_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    @desk_get("/konten", right=Right.ACCOUNTS)
    def accounts_page(request: DeskRequest) -> Response[str]:
        return _list_page(desk, request, Form(), {})

    @desk_post("/konten", right=Right.ACCOUNTS)
    def add_account(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        form.expect("name", "display", "role", "providers")
        by = signed_in(request).account_id
        try:
            invited = keeping.add(desk.registry, form.text("name"), _profile(desk, form), by=by)
        except RuleError as error:  # shown beside the fields
            return _list_page(desk, request, form, error.problems, 422)
        desk.log.info("account_added")
        return _link_page(desk, request, invited)

    return [accounts_page, add_account]


def _edit_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    @desk_get("/konten/{account_id:int}", right=Right.ACCOUNTS)
    def account_page(request: DeskRequest, account_id: FromPath[int]) -> Response[str]:
        return _edit_page(desk, request, account_id, None, {})

    @desk_post("/konten/{account_id:int}", right=Right.ACCOUNTS)
    def change_account(request: DeskRequest, account_id: FromPath[int]) -> Response[str]:
        form = form_of(request)
        form.expect("display", "role", "providers")
        profile = _profile(desk, form)
        try:
            keeping.change(desk.registry, account_id, profile, by=signed_in(request).account_id)
        except RuleError as error:  # shown beside the fields
            return _edit_page(desk, request, account_id, profile, error.problems, 422)
        except ConflictError as error:
            return _edit_page(desk, request, account_id, profile, {}, 409, error)
        desk.log.info("account_changed")
        desk.say(request, "Das Konto ist geändert.")
        return desk.go(f"{ACCOUNTS}/{account_id}")

    return [account_page, change_account]


def _done(
    desk: Desk, request: DeskRequest, account_id: int, act: Callable[[int], Invited | None], said: str
) -> Response[str]:
    """Do it, then show the account again with what happened, or the link if there is one."""
    try:
        invited = act(signed_in(request).account_id)
    except ConflictError as error:  # shown on the page of the account, with what to do
        return _edit_page(desk, request, account_id, None, {}, 409, error)
    if invited is not None:
        return _link_page(desk, request, invited)
    desk.say(request, said)
    return desk.go(f"{ACCOUNTS}/{account_id}")


def _blocking_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    @desk_post("/konten/{account_id:int}/sperren", right=Right.ACCOUNTS)
    def disable_account(request: DeskRequest, account_id: FromPath[int]) -> Response[str]:
        form_of(request).expect()

        def act(by: int) -> None:
            keeping.disable(desk.registry, account_id, by=by)
            desk.log.info("account_disabled")

        return _done(desk, request, account_id, act, "Das Konto ist gesperrt und überall abgemeldet.")

    @desk_post("/konten/{account_id:int}/freigeben", right=Right.ACCOUNTS)
    def enable_account(request: DeskRequest, account_id: FromPath[int]) -> Response[str]:
        form_of(request).expect()

        def act(by: int) -> None:
            keeping.enable(desk.registry, account_id, by=by)
            desk.log.info("account_enabled")

        return _done(desk, request, account_id, act, "Das Konto ist freigegeben.")

    return [disable_account, enable_account]


def _link_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    @desk_post("/konten/{account_id:int}/einladen", right=Right.ACCOUNTS)
    def invite(request: DeskRequest, account_id: FromPath[int]) -> Response[str]:
        form_of(request).expect()

        def act(by: int) -> Invited:
            invited = keeping.invite(desk.registry, account_id, by=by)
            desk.log.info("account_invited")
            return invited

        return _done(desk, request, account_id, act, "")

    @desk_post("/konten/{account_id:int}/zuruecksetzen", right=Right.ACCOUNTS)
    def reset(request: DeskRequest, account_id: FromPath[int]) -> Response[str]:
        form = form_of(request)
        form.expect("second_factor")

        def act(by: int) -> Invited:
            lost = form.text("second_factor") == "1"
            invited = keeping.reset(desk.registry, account_id, second_factor=lost, by=by)
            desk.log.info("account_reset")
            return invited

        return _done(desk, request, account_id, act, "")

    return [invite, reset]


def _roles_route(desk: Desk) -> HTTPRouteHandler:
    @desk_get("/rollen", right=Right.READ)
    def roles_page(request: DeskRequest) -> Response[str]:
        roles = list(desk.registry.roles)
        return desk.respond(
            request,
            "desk/roles.html",
            roles=roles,
            rights=[(right, RIGHT_TEXTS[right]) for right in desk.registry.roles.rights()],
            explained=[(role.title, role.explanation) for role in roles],
            limit=desk.registry.limit(),
        )

    return roles_page
