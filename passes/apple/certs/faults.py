"""What can be wrong with a certificate file, each in one sentence that says what to do."""

from __future__ import annotations

from typing import Any

from passes.errors import IdentityError
from passes.words import N_, fill

FAULTS: dict[str, str] = {
    # the file
    "file_unreadable": N_("The file {file} cannot be read: {reason}."),
    "file_empty": N_("The file {file} is empty: please download it again."),
    "file_too_large": N_(
        "The file {file} is far too large for a certificate: is it the right one?"
    ),
    "file_is_page": N_(
        "The file {file} is a web page, not a certificate: sign in to Apple's developer site again and repeat"
        " the download."
    ),
    "file_is_pass": N_("The file {file} is a pass or an archive, not a certificate."),
    "file_is_request": N_(
        "The file {file} is the request itself: upload it to Apple, and install the pass.cer that Apple gives back."
    ),
    "file_is_push_key": N_(
        "The file {file} is a key for Apple's push service (.p8); passes are signed with a pass type certificate."
    ),
    "file_is_key": N_(
        "The file {file} holds a key and no certificate: give the certificate, and the key with --key."
    ),
    "file_unknown": N_(
        "The file {file} holds no certificate: a .cer, .pem or .p12 file from Apple is needed."
    ),
    # .p12 files and keys
    "p12_password_missing": N_(
        "The file {file} is protected: give its password, which was chosen when it was exported."
    ),
    "p12_password_wrong": N_(
        "The password does not open {file}, or the file is damaged: it is the one chosen when it was exported."
    ),
    "p12_legacy": N_(
        "The file {file} is encrypted with RC2, which OpenSSL here no longer reads. Run"
        " `openssl pkcs12 -legacy -in {file} -nodes -out pass.pem`, then `comptoir certs install pass.pem`,"
        " and delete pass.pem."
    ),
    "p12_cut_off": N_("The file {file} is cut off: please export or download it again."),
    "p12_without_key": N_(
        "The file {file} holds no private key: in Keychain Access choose the certificate together with its key,"
        " then export it again."
    ),
    "key_password_missing": N_("The key in {file} is protected: give its password."),
    "key_password_wrong": N_("The password does not open the key in {file}."),
    "key_not_rsa": N_("The key in {file} is not RSA; pass certificates have RSA keys."),
    "key_unreadable": N_("The key in {file} cannot be read."),
    # the certificate
    "cert_other_kind": N_(
        "The file {file} holds the certificate “{name}”, which cannot sign passes: in Apple's developer account"
        " choose Pass Type ID Certificate."
    ),
    "cert_development": N_(
        "The file {file} holds a development certificate of Comptoir's own: no iPhone accepts cards signed with it."
    ),
    "cert_name_filled": N_(
        "Apple wrote “{found}” where the pass type id {wanted} belongs: make the certificate again and leave the"
        " field Certificate Name empty."
    ),
    "cert_wrong_type": N_(
        "The certificate is for the pass type id {found}, but {wanted} was expected: in Apple's list choose {wanted}"
        " and make the certificate there."
    ),
    "cert_wrong_team": N_(
        "The certificate is for the team {found}, but {wanted} was expected: choose the team {wanted} at the top"
        " right of Apple's page and make the certificate there."
    ),
    "cert_type_changed": N_(
        "The certificate is for {found}, but the cards on your members' phones belong to {wanted}: they would never"
        " be updated again. Renew the certificate for {wanted} instead."
    ),
    "cert_expired": N_(
        "The certificate expired on {until}: make a new one for the same pass type id."
    ),
    "cert_not_yet": N_(
        "The certificate is not valid before {since}: check the clock of this computer, or wait until then."
    ),
    "cert_older": N_(
        "The certificate ends on {until}, before the one in use, which ends on {current}: there is a newer one."
    ),
    "cert_in_use": N_("This certificate is already in use."),
    "key_missing": N_(
        "No key here fits the certificate: it was made from another request. Upload the request of this"
        " installation to Apple ({request}), or give the key with --key."
    ),
    "key_unknown": N_(
        "No key here fits the certificate, and no request was made here: give the key with --key, or run"
        " `comptoir certs request` and make the certificate from that."
    ),
    "key_mismatch": N_("The key in {file} does not belong to the certificate."),
    # the chain
    "wwdr_missing": N_(
        "The certificate is kept, and waits for Apple's intermediate {name}, which issued it and is not here yet:"
        " download {download} from {address} and install it with `comptoir certs install {download}`."
    ),
    "wwdr_expired": N_(
        "Apple's intermediate {name} expired on {until}: make a new pass certificate, Apple signs it with a newer one."
    ),
    "not_proven": N_("The certificate was read, but a trial signature failed: {reason}"),
    # the steps
    "nothing_staged": N_("No certificate is waiting to be switched to."),
    "nothing_before": N_("There is no earlier certificate to go back to."),
    "type_id_invalid": N_(
        "“{found}” is not a pass type id: it begins with pass. and has letters, digits, dots and hyphens, like"
        " pass.com.example.loyalty."
    ),
    "not_a_name": N_("“{found}” cannot be part of a request: use up to 64 ordinary characters."),
    "not_a_country": N_("“{found}” is not a country: use two letters, like FR."),
}


class CertificateFault(IdentityError):
    """A certificate, key or file that cannot be used; `code` and `facts` for programs and languages."""

    def __init__(self, code: str, **facts: Any) -> None:
        self.code = code
        self.facts = facts
        super().__init__(fill(FAULTS[code], facts, "en"))

    @property
    def template(self) -> str:
        """The English sentence with its holes, which is also the key of the translations."""
        return FAULTS[self.code]
