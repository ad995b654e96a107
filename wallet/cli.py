"""`comptoir …`: what operators type. Every command has --help and fails with one clear line."""

from __future__ import annotations

import click

from wallet.commands.lazy import LazyGroup

# word: (where the command lives, its line in the list). Nothing is imported before it is asked for.
COMMANDS = {
    "audit": (
        "wallet.commands.audit:audit_command",
        "Replay every account from its first entry and say exactly what is wrong where.",
    ),
    "backup": (
        "wallet.commands.portability:backup_command",
        "Write all rows and the data folder's files (secret key, certificates) to a new file, while everything runs.",
    ),
    "certs": ("wallet.commands.certs:certs_group", "Certificates that sign the cards."),
    "db": ("wallet.commands.database:db_group", "The database."),
    "demo": ("wallet.commands.setup:demo_group", "The demo program."),
    "design": ("wallet.commands.programs:design_group", "How cards look."),
    "doctor": (
        "wallet.commands.doctor:doctor_command",
        "Check the installation, or only the parts NAMES, and say what is missing.",
    ),
    "export": (
        "wallet.commands.portability:export_command",
        "Write every program, member, entry and card to FILE, for `comptoir import` on any database.",
    ),
    "google": ("wallet.commands.google:google_group", "Google Wallet."),
    "import": (
        "wallet.commands.portability:import_command",
        "Take in FILE, which `comptoir export` wrote, into a new database; then audit it.",
    ),
    "key": ("wallet.commands.programs:key_group", "API keys of web shops."),
    "members": (
        "wallet.commands.members:members_group",
        "Members: doubles, and what to do about them.",
    ),
    "pass": ("wallet.commands.passes:pass_group", "Pass files."),
    "program": ("wallet.commands.programs:program_group", "Programs."),
    "replay": (
        "wallet.commands.rules:replay_command",
        "Run the sales of a past period through draft rules and compare with what really happened.",
    ),
    "restore": (
        "wallet.commands.portability:restore_command",
        "Bring back FILE, which `comptoir backup` wrote, into a new data folder and a new database; then audit it.",
    ),
    "rules": (
        "wallet.commands.rules:rules_group",
        "Rule sets: what members earn and which status they have.",
    ),
    "serve": ("wallet.commands.serve:serve_command", "Serve the web doors."),
    "setup": (
        "wallet.commands.setup:setup_command",
        "First start and every start: secret, identities, schema, demo. Prints where everything is.",
    ),
    "simulate": (
        "wallet.commands.simulate:simulate_group",
        "Stand-ins for Apple, Google and two phones.",
    ),
    "staff": ("wallet.commands.programs:staff_group", "People who work for a merchant."),
    "till": ("wallet.commands.tills:till_group", "Tills: browsers that belong to a store."),
    "worker": (
        "wallet.commands.worker:worker_command",
        "Deliver cards and mails. Stop with SIGINT or SIGTERM.",
    ),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="comptoir")
def main() -> None:
    """Comptoir: one loyalty account for the till, the web shop and the phone's wallet."""
