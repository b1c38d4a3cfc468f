"""Keeping accounts: add, invite, change, disable, reset; each change is written down with who made it.

Nobody sets a password for somebody else: a one-time link lets the person do it.  Whatever takes rights away ends the
account's sessions in the same transaction, so the next request is signed out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from shared.accounts import links
from shared.accounts.passwords import BusyError, check_password
from shared.accounts.registry import INVITATION_SECONDS, Registry
from shared.accounts.rights import Right
from shared.accounts.sessions import TOKEN_BYTES, Opened, Visit, hash_token
from shared.accounts.signing_in import begin_half_way, normalise_name
from shared.accounts.store import accounts
from shared.accounts.store import sessions as session_store
from shared.accounts.store.accounts import AccountRow, ChangeRow
from shared.errors import ConflictError, NotFoundError, RuleError

COMMAND_LINE = 0
"""Actor of changes that were made by a command."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_DISPLAY_MAX = 120
_PROVIDER_MAX = 200
_PROVIDERS_MAX = 50


@dataclass(frozen=True)
class Profile:
    """What is decided about an account."""

    display: str
    role: str
    providers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Invited:
    """A one-time link, shown once: the path to hand over, and until when it can be used."""

    account_id: int
    path: str
    expires: int


@dataclass(frozen=True)
class Listed:
    """An account as it is listed."""

    account: AccountRow
    invited_until: int  # 0 = no open link

    @property
    def state(self) -> str:
        """One word: active, disabled, invited or without-password."""
        if not self.account.is_enabled:
            return "disabled"
        if self.account.password_hash:
            return "active"
        return "invited" if self.invited_until else "without-password"


def list_accounts(registry: Registry) -> list[Listed]:
    """Return every account by name."""
    now = registry.clock.now()
    with registry.db.read() as conn:
        open_links = accounts.open_invitations(conn)
        found = accounts.list_accounts(conn)
    return [Listed(row, until if (until := open_links.get(row.id, 0)) > now else 0) for row in found]


def show_account(registry: Registry, account_id: int) -> tuple[Listed, list[ChangeRow]]:
    """Return one account with what was changed about it; NotFoundError."""
    with registry.db.read() as conn:
        changes = accounts.list_changes(conn, account_id)
    for listed in list_accounts(registry):
        if listed.account.id == account_id:
            return listed, changes
    raise NotFoundError(f"no account {account_id}")


def find_by_name(registry: Registry, name: str) -> AccountRow:
    """Return the account of a sign-in name; NotFoundError."""
    with registry.db.read() as conn:
        found = accounts.find_account(conn, normalise_name(name))
    if found is None:
        raise NotFoundError("Ein Konto mit diesem Namen gibt es nicht", advice="Alle Konten zeigt: user list")
    return found


def add(registry: Registry, name: str, profile: Profile, *, by: int, password: str = "") -> Invited:
    """Make an account and invite its person; with a password (command line only) the path is empty.

    Raises:
        RuleError: with every problem, by field.
    """
    name = normalise_name(name)
    problems: dict[str, Sequence[str]] = {}
    if not _NAME.fullmatch(name):
        problems["name"] = ["2 bis 64 Zeichen: kleine Buchstaben ohne Umlaute, Ziffern, Punkt, Bindestrich, @."]
    problems |= _check_profile(registry, profile)
    if password and (bad := check_password(password, names=_names(registry, name, profile.display))):
        problems["password"] = bad
    password_hash = registry.passwords.hash(password) if password and not problems else ""
    with registry.db.write() as conn:
        if not problems and accounts.find_account(conn, name) is not None:
            problems["name"] = ["Diesen Anmeldenamen gibt es schon."]
        problems |= _check_display(conn, profile)
        if problems:
            raise RuleError("Das Konto kann so nicht angelegt werden", problems, advice=_role_advice(registry))
        now = registry.clock.now()
        account_id = accounts.add_account(conn, name, profile.display, profile.role, profile.providers, now)
        accounts.add_change(conn, account_id, by, "added", profile.role, now)
        if not password_hash:
            return _invite(conn, registry, account_id)
        accounts.save_password(conn, account_id, password_hash)
    return Invited(account_id, "", 0)


def change(registry: Registry, account_id: int, profile: Profile, *, by: int) -> None:
    """Change display name, role and limits; another role or limit ends the account's sessions.

    Raises:
        RuleError: a value is not possible.
        ConflictError: nobody would be left who may keep accounts.
    """
    problems = _check_profile(registry, profile)
    if problems:
        raise RuleError("Das Konto kann so nicht geändert werden", problems, advice=_role_advice(registry))
    with registry.db.write() as conn:
        before = _load(conn, account_id)
        if taken := _check_display(conn, profile, account_id):
            raise RuleError("Das Konto kann so nicht geändert werden", taken)
        if Right.ACCOUNTS not in registry.roles.of(profile.role).rights:
            _keep_one(conn, registry, before)
        accounts.save_profile(conn, account_id, profile.display, profile.role, profile.providers)
        if (before.role, before.providers) != (profile.role, profile.providers):
            session_store.drop_sessions_of(conn, account_id)
        detail = f"{before.role} → {profile.role}" if before.role != profile.role else profile.role
        accounts.add_change(conn, account_id, by, "changed", detail, registry.clock.now())


def disable(registry: Registry, account_id: int, *, by: int) -> None:
    """Let an account in no more, from the next request on; ConflictError for the last that may keep accounts."""
    with registry.db.write() as conn:
        account = _load(conn, account_id)
        _keep_one(conn, registry, account)
        now = registry.clock.now()
        accounts.save_disabled(conn, account_id, account.disabled_at or now)
        session_store.drop_sessions_of(conn, account_id)
        accounts.drop_invitations(conn, account_id)
        accounts.add_change(conn, account_id, by, "disabled", "", now)


def enable(registry: Registry, account_id: int, *, by: int) -> None:
    """Let a disabled account in again."""
    with registry.db.write() as conn:
        _load(conn, account_id)
        accounts.save_disabled(conn, account_id, 0)
        accounts.add_change(conn, account_id, by, "enabled", "", registry.clock.now())


def invite(registry: Registry, account_id: int, *, by: int) -> Invited:
    """Give a new link to somebody who has no password yet; links from before count no more.

    Raises:
        ConflictError: the account is disabled, or has a password: then it is a reset.
    """
    with registry.db.write() as conn:
        account = _load_enabled(conn, account_id)
        if account.password_hash:
            raise ConflictError("Dieses Konto hat schon ein Passwort", advice="Zugang zurücksetzen statt einladen.")
        accounts.add_change(conn, account_id, by, "invited", "", registry.clock.now())
        return _invite(conn, registry, account_id)


def reset(registry: Registry, account_id: int, *, second_factor: bool, by: int) -> Invited:
    """Take the password away, and the second factor if that is lost too, and give a link for new ones.

    The account's sessions end at once; until the link is used nobody gets in.
    """
    with registry.db.write() as conn:
        _load_enabled(conn, account_id)
        accounts.save_password(conn, account_id, "")
        if second_factor:
            accounts.save_second_factor(conn, account_id, "", 0)
        session_store.drop_sessions_of(conn, account_id)
        detail = "second_factor" if second_factor else ""
        accounts.add_change(conn, account_id, by, "reset", detail, registry.clock.now())
        return _invite(conn, registry, account_id)


def find_invited(registry: Registry, token: bytes) -> AccountRow:
    """Return whose one-time link this is; NotFoundError for one that was used, has expired, or never was."""
    with registry.db.read() as conn:
        return _invited(conn, registry, token)


def accept_invitation(registry: Registry, token: bytes, password: str, repeated: str, visit: Visit) -> Opened:
    """Set the password that a one-time link asks for; the link is used up, and the second factor comes next.

    Raises:
        NotFoundError: the link counts no more.
        RuleError: the password is not good enough, or was typed differently the second time.
    """
    account = find_invited(registry, token)
    verify_new_password(registry, account, password, repeated)
    password_hash = make_hash(registry, password)
    with registry.db.write() as conn:
        account = _invited(conn, registry, token)
        accounts.drop_invitations(conn, account.id)
        accounts.save_password(conn, account.id, password_hash)
        session_store.drop_sessions_of(conn, account.id)
        accounts.add_change(conn, account.id, account.id, "password", "", registry.clock.now())
        return begin_half_way(conn, registry, account, visit)


def verify_new_password(registry: Registry, account: AccountRow, password: str, repeated: str) -> None:
    """Refuse a new password that is weak or was typed differently the second time; RuleError."""
    problems: dict[str, Sequence[str]] = {}
    if bad := check_password(password, names=_names(registry, account.name, account.display)):
        problems["password"] = bad
    if password != repeated:
        problems["repeated"] = ["Die beiden Passwörter sind verschieden. Tippen Sie das Passwort noch einmal."]
    if problems:
        raise RuleError("Das Passwort passt so nicht", problems)


def _names(registry: Registry, name: str, display: str) -> tuple[str, ...]:
    return (name, display, registry.title, *registry.names())


def make_hash(registry: Registry, password: str) -> str:
    """Return the hash of a new password; ConflictError when too many are under way."""
    try:
        return registry.passwords.hash(password)
    except BusyError as error:
        raise ConflictError("too many passwords at once", advice="Bitte warten Sie einige Sekunden.") from error


def _invited(conn: sa.Connection, registry: Registry, token: bytes) -> AccountRow:
    found = accounts.load_invitation(conn, hash_token(token))
    account = accounts.load_account(conn, found.account_id) if found is not None else None
    if found is None or account is None or found.expires <= registry.clock.now() or not account.is_enabled:
        raise NotFoundError(
            "this invitation does not count",
            advice="Dieser Link gilt nicht mehr: Er wurde schon benutzt oder ist abgelaufen. "
            "Bitten Sie Ihre Verwaltung um einen neuen.",
        )
    return account


def _invite(conn: sa.Connection, registry: Registry, account_id: int) -> Invited:
    token, expires = registry.dice.token(TOKEN_BYTES), registry.clock.now() + INVITATION_SECONDS
    accounts.save_invitation(conn, account_id, hash_token(token), expires)
    return Invited(account_id, links.invitation_path(token), expires)


def _load(conn: sa.Connection, account_id: int) -> AccountRow:
    found = accounts.load_account(conn, account_id)
    if found is None:
        raise NotFoundError(f"no account {account_id}")
    return found


def _load_enabled(conn: sa.Connection, account_id: int) -> AccountRow:
    found = _load(conn, account_id)
    if not found.is_enabled:
        raise ConflictError("Dieses Konto ist gesperrt", advice="Erst freigeben, dann einladen oder zurücksetzen.")
    return found


def _keep_one(conn: sa.Connection, registry: Registry, account: AccountRow) -> None:
    """Refuse to take the last account away that can keep accounts."""
    roles = registry.roles.codes_with(Right.ACCOUNTS)
    if account.role in roles and account.is_enabled and not accounts.count_usable(conn, roles, without=account.id):
        raise ConflictError(
            "Das ist das letzte Konto, das Konten verwalten darf",
            advice="Geben Sie zuerst einem anderen Konto diese Rolle, und lassen Sie es sich einmal anmelden.",
        )


def _role_advice(registry: Registry) -> str:
    return f"Rollen: {', '.join(role.code for role in registry.roles)}."


def _check_display(conn: sa.Connection, profile: Profile, account_id: int = 0) -> dict[str, Sequence[str]]:
    """One name, one person: what two people wrote is told apart by it, and by it two people approve."""
    wanted = profile.display.strip().casefold()
    if any(one.id != account_id and one.display.strip().casefold() == wanted for one in accounts.list_accounts(conn)):
        return {"display": ["So heißt schon ein anderes Konto. Ergänzen Sie den Namen, etwa um die Abteilung."]}
    return {}


def _check_profile(registry: Registry, profile: Profile) -> dict[str, Sequence[str]]:
    problems: dict[str, Sequence[str]] = {}
    if not 1 <= len(profile.display.strip()) <= _DISPLAY_MAX:
        problems["display"] = [f"Geben Sie einen Namen an, höchstens {_DISPLAY_MAX} Zeichen."]
    if profile.role not in registry.roles:
        problems["role"] = ["Wählen Sie eine Rolle."]
    if wrong := _check_limit(registry, profile):
        problems["providers"] = [wrong]
    return problems


def _check_limit(registry: Registry, profile: Profile) -> str:
    """Say what is wrong with what an account is limited to; empty for nothing."""
    limit, is_limited = registry.limit(), registry.roles.of(profile.role).is_limited
    if is_limited and not profile.providers:
        return limit.missing
    if limit.choices and profile.providers:
        if not is_limited:
            return "Diese Rolle kennt keine Grenze: Wählen Sie dort nichts aus."
        if not set(profile.providers) <= {value for value, _ in limit.choices}:
            return f"Möglich sind: {', '.join(value for value, _ in limit.choices)}."
    if len(profile.providers) > _PROVIDERS_MAX or any(len(name) > _PROVIDER_MAX for name in profile.providers):
        return f"Höchstens {_PROVIDERS_MAX} Namen mit je {_PROVIDER_MAX} Zeichen."
    return ""
