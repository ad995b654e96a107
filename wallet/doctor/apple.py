"""Is everything right with Apple: who signs, until when, and with which chain."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from passes.apple.certs.authorities import WWDR_ADDRESS, intermediate_file, intermediate_name
from passes.apple.identity import AppleIdentity
from passes.errors import IdentityError
from wallet.actions.phone_complaints import phone_complaints
from wallet.config import SettingsError
from wallet.doctor.check import Check, Installation, State
from wallet.doctor.trial import probe_push, sentence_of
from wallet.errors import N_
from wallet.parts import apple_identity, certificate_store
from wallet.tables.delivery import alarms

# Days before the end at which the countdown begins to be shown, to warn, and to alarm.
COUNTDOWN_DAYS = 60
URGENT_DAYS = 14
COMPLAINT_FRESH = timedelta(days=7)  # what is older was mended or grew quiet; the console has it
_RENEW = N_(
    "Renew it with the same pass type id: `comptoir certs request`, then `comptoir certs install`."
    " Cards that are out keep working."
)


def apple_doctor(installation: Installation) -> list[Check]:
    """The identity that signs; the rest only when there is one."""
    try:
        identity = apple_identity(installation.settings)
    except (IdentityError, SettingsError) as error:
        return [
            Check(
                "apple_certificate_unusable",
                "fail",
                N_("No card can be signed: {problem}"),
                N_("certs/README.md shows the way to a certificate, step by step."),
                {"problem": str(error)},
            )
        ]
    checks = identity_checks(identity, installation.now) + _waiting(installation)
    if installation.settings.simulator_url and not identity.is_development:
        checks.append(_simulators())
    return checks + _pushes(installation) + _phones(installation)


def _simulators() -> Check:
    return Check(
        "apple_simulators_on",
        "warn",
        N_(
            "The simulated phones are running although Apple's certificate is in use: they refuse real cards."
        ),
        N_(
            "Start with `python3 dev.py run --no-simulators`, or unset COMPTOIR_SIMULATOR_URL and COMPTOIR_APNS_URL."
        ),
    )


def ending(identity: AppleIdentity, now: datetime) -> Check | None:
    """The countdown, once it has begun: for every page of those who can renew the certificate."""
    if identity.is_development:
        return None
    found = countdown(identity, now)
    return None if found.state == "ok" else found


def restart_needed() -> Check:
    """A process signs with a certificate of another pass type than the one that is now in use."""
    return Check(
        "apple_restart_needed",
        "fail",
        N_(
            "A certificate of another pass type was put in use: this process still signs with the one before."
        ),
        N_("Restart `comptoir serve` and `comptoir worker`."),
    )


def _waiting(installation: Installation) -> list[Check]:
    """A request or a certificate that somebody began with."""
    store = certificate_store(installation.settings)
    found = []
    waiting, staged = store.request(), store.version("staged")
    if waiting is not None:
        facts = {"type_id": waiting.pass_type_id, "day": _day(waiting.made_at), "file": waiting.csr}
        found.append(
            Check(
                "apple_request_waiting",
                "warn",
                N_("A request for {type_id}, made on {day}, waits for Apple's answer."),
                N_(
                    "Upload {file} to Apple and install what comes back with `comptoir certs install`."
                ),
                facts,
            )
        )
    if staged is not None and staged.wwdr is None:
        facts = {
            "name": intermediate_name(staged.certificate),
            "download": intermediate_file(staged.certificate),
            "address": WWDR_ADDRESS,
        }
        found.append(
            Check(
                "apple_intermediate_missing",
                "warn",
                N_("A new certificate waits for Apple's intermediate {name}."),
                N_(
                    "Download {download} from {address} and install it with `comptoir certs install {download}`."
                ),
                facts,
            )
        )
    elif staged is not None:
        found.append(
            Check(
                "apple_certificate_staged",
                "warn",
                N_("A checked certificate, good until {until}, is ready to be used."),
                N_("Put it in use with `comptoir certs switch`."),
                {"until": _day(staged.certificate.not_valid_after_utc)},
            )
        )
    return found


def _pushes(installation: Installation) -> list[Check]:
    """What Apple's push service says: the worker's last trouble, and a trial push when asked for."""
    found = []
    with contextlib.suppress(SQLAlchemyError), installation.database.reading() as session:
        found = [
            Check(
                "apple_push_refused",
                "fail",
                N_("Apple's push service has refused every push since {since}: {reason}."),
                N_(
                    "Cards change only when phones look by themselves. Try with `comptoir doctor apple --online`."
                ),
                {"since": alarm.since.replace(microsecond=0), "reason": alarm.reason},
            )
            for alarm in alarms(session)
            if alarm.provider == "apple"
        ]
    if installation.online:
        identity = apple_identity(installation.settings)
        step = probe_push(installation.settings, identity)
        state: State = "warn" if step.state == "skip" else step.state
        found.append(Check(f"apple_push_{step.state}", state, sentence_of(step), "", step.facts))
    return found


def _phones(installation: Installation) -> list[Check]:
    """The log doctor, in short: what phones complain of, worst first."""
    try:
        with installation.database.reading() as session:
            found = phone_complaints(session, installation.now)
    except SQLAlchemyError:  # the service's doctor says what is wrong with the database
        return []
    checks = [
        Check(
            f"phones_{group.code}",
            "warn",  # anybody can write to the log: never more than a warning
            group.kind.meaning,
            group.kind.fix,
        )
        for group in found.groups
        if group.kind is not None
        and group.kind.weight != "info"
        and installation.now - group.last_at < COMPLAINT_FRESH
    ]
    if not checks:
        checks = [
            Check(
                "phones_content",
                "ok",
                N_("Phones have complained of nothing that matters for a week."),
            )
        ]
    return checks


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def identity_checks(identity: AppleIdentity, now: datetime) -> list[Check]:
    """Who signs and until when."""
    facts = {"pass_type": identity.pass_type_id, "team": identity.team_id}
    if identity.is_development:  # made anew by itself before it ends: no countdown
        return [
            Check(
                "apple_development",
                "warn",
                N_(
                    "Cards are signed with a development certificate: only the simulated iPhone takes them."
                ),
                N_("certs/README.md shows the way to a certificate of your own, step by step."),
                facts,
            )
        ]
    who = Check(
        "apple_identity",
        "ok",
        N_("Cards are signed for {pass_type} (team {team})."),
        facts=facts,
    )
    return [who, countdown(identity, now)]


def countdown(identity: AppleIdentity, now: datetime) -> Check:
    """How long the certificate is good for."""
    days = days_left(identity, now)
    facts = {"days": days, "until": _day(identity.expires_at)}
    if identity.expires_at <= now:
        return Check(
            "apple_certificate_expired",
            "fail",
            N_("The certificate expired on {until}: no card can be issued or updated."),
            _RENEW,
            facts,
        )
    if days <= COUNTDOWN_DAYS:
        state: State = "fail" if days <= URGENT_DAYS else "warn"
        return Check(
            "apple_certificate_ending",
            state,
            N_("The certificate ends in {days} days, on {until}."),
            _RENEW,
            facts,
        )
    return Check(
        "apple_certificate",
        "ok",
        N_("The certificate is good for {days} more days, until {until}."),
        facts=facts,
    )


def days_left(identity: AppleIdentity, now: datetime) -> int:
    """Whole days until nothing can be signed any more; never below 0."""
    return max((identity.expires_at - now).days, 0)
