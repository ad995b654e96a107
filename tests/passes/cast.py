"""One program's design and one member's card, shared by the tests of both wallets."""

from __future__ import annotations

from passes.card import Card, Fact, PassIdentity, Place, Section
from passes.design import Design, TierLook

DESIGN = Design(
    organization_name="Café Lumière",
    description={"fr": "Carte de fidélité Café Lumière", "en": "Café Lumière loyalty card"},
    logo_text="Café Lumière",
    monogram="CL",
    background="#3b2417",
    foreground="#f7ead8",
    label="#d9b48a",
    tiers={"gold": TierLook(background="#b8892f", foreground="#1d1408", label="#4a3510")},
)

ADA = Card(
    program_name={"fr": "Café Lumière", "en": "Café Lumière"},
    code="M1ABCDEFGHJKMNPQRSTVWXYZ01",
    code_text="M1AB CDEF GHJK MNPQ RSTV WXYZ 01",
    balance=Fact(
        key="balance",
        label={"fr": "POINTS", "en": "POINTS"},
        value={"fr": "1 240 points", "en": "1,240 points"},
        number=1240,
        announce={"fr": "Votre solde : %@ points", "en": "You now have %@ points"},
    ),
    member_name="Ada Martin",
    member_number="1000 0042",
    languages=("fr", "en"),
    tier=Fact("tier", {"fr": "Statut", "en": "Status"}, {"fr": "Or", "en": "Gold"}),
    next_reward=Fact(
        "next_reward",
        {"fr": "Prochaine récompense", "en": "Next reward"},
        {"fr": "Café offert dans 60 points", "en": "Free coffee in 60 points"},
    ),
    sections=(
        Section(
            "card",
            {"fr": "Votre carte en ligne", "en": "Your card online"},
            {"fr": "Voir mes récompenses", "en": "See my rewards"},
            "https://cafe.test/card/abc?lang=fr&from=wallet",
        ),
        Section(
            "terms",
            {"fr": "Conditions", "en": "Terms"},
            {"fr": 'Un point par euro.\n"À vie".', "en": 'One point per euro.\n"For life".'},
        ),
    ),
    places=(Place(48.8530, 2.3499, {"fr": "Le café est tout près", "en": "The café is close by"}),),
)

IDENTITY = PassIdentity(serial="s3ria1-0f-ada-0001", auth_token="t0ken-of-ada-which-is-long-enough")
