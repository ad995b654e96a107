"""What a cashier may say: a script, questions with answers, objections with replies. Texts of the
merchant where there are some, good ones of ours where there are none. Plain words in, plain data out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PARTS = ("script", "questions", "objections")
TEXT_LENGTH_MAX = 4_000  # characters of one part: more is a manual, not a card beside the till
_BLOCKS = re.compile(r"\n[ \t]*\n+")

DEFAULTS: dict[str, dict[str, str]] = {
    "fr": {
        "script": (
            "«\u00a0Avez-vous la carte {program}\u202f?\u00a0»\n\n"
            "Oui\u00a0: scannez-la, puis dites le solde et ce qui manque\u00a0: «\u00a0Plus que quelques points et "
            "c’est pour vous.\u00a0»\n\n"
            "Non\u00a0: «\u00a0Elle est gratuite et prend dix secondes\u00a0: un e-mail ou un numéro suffit, et cet "
            "achat compte déjà.\u00a0»\n\n"
            "Une récompense est possible\u00a0: proposez-la. «\u00a0Je vous l’offre aujourd’hui, ou vous "
            "préférez la garder\u202f?\u00a0»\n\n"
            "Pour finir\u00a0: «\u00a0Votre carte est à jour dans votre téléphone.\u00a0»"
        ),
        "questions": (
            "Faut-il installer une application\u202f?\n"
            "Non. La carte va dans Apple Cartes ou Google Wallet, ou reste une simple page web.\n\n"
            "Je n’ai pas mon téléphone.\n"
            "Un nom, un numéro de téléphone ou un e-mail suffit pour ajouter les points.\n\n"
            "Où voir mes points\u202f?\n"
            "Sur la carte, dans le téléphone. Elle se met à jour toute seule après chaque passage.\n\n"
            "Puis-je ajouter l’achat d’hier\u202f?\n"
            "Demandez à un responsable\u00a0: il peut l’ajouter avec le ticket.\n\n"
            "J’ai changé de téléphone.\n"
            "Sur la page de la carte, «\u00a0Retrouver ma carte\u00a0» envoie un lien par e-mail."
        ),
        "objections": (
            "Encore une carte…\n"
            "Celle-ci ne prend pas de place\u00a0: elle est dans le téléphone.\n\n"
            "Je ne veux pas de publicité.\n"
            "Rien n’est envoyé sans votre accord. La case est vide, et elle le reste si vous voulez.\n\n"
            "Je viens rarement.\n"
            "Les points de cet achat vous attendent, et l’inscription prend dix secondes.\n\n"
            "Que faites-vous de mes données\u202f?\n"
            "Elles servent à tenir vos points. Vous pouvez tout voir et tout faire effacer."
        ),
    },
    "en": {
        "script": (
            "“Do you have the {program} card?”\n\n"
            "Yes: scan it, then say the balance and what is missing: “A few more points and it is "
            "yours.”\n\n"
            "No: “It is free and takes ten seconds: an e-mail or a number is enough, and this "
            "purchase counts already.”\n\n"
            "A reward is within reach: offer it. “Would you like it today, or keep it for later?”\n\n"
            "At the end: “The card on your phone is up to date.”"
        ),
        "questions": (
            "Do I need an app?\n"
            "No. The card goes into Apple Wallet or Google Wallet, or stays a simple web page.\n\n"
            "I do not have my phone with me.\n"
            "A name, a phone number or an e-mail is enough to add the points.\n\n"
            "Where do I see my points?\n"
            "On the card in the phone. It updates by itself after each visit.\n\n"
            "Can you add yesterday’s purchase?\n"
            "Ask a manager, who can add it with the receipt.\n\n"
            "I have a new phone.\n"
            "On the page of the card, “Find my card” sends a link by e-mail."
        ),
        "objections": (
            "Not another card…\n"
            "This one takes no room: it is on the phone.\n\n"
            "I do not want advertising.\n"
            "Nothing is sent unless you agree. The box is empty, and stays so if you like.\n\n"
            "I seldom come here.\n"
            "The points of this purchase will wait for you, and joining takes ten seconds.\n\n"
            "What do you do with my data?\n"
            "It keeps your points. You can see all of it and have all of it erased."
        ),
    },
}


@dataclass(frozen=True, slots=True)
class Advice:
    """A question or an objection with what to answer; `answer` is empty where there is none."""

    title: str
    answer: str


@dataclass(frozen=True, slots=True)
class Coach:
    """Everything that may be said, in one language."""

    script: tuple[str, ...]
    questions: tuple[Advice, ...]
    objections: tuple[Advice, ...]


def coach_texts(own: Mapping[str, Any], language: str) -> dict[str, str]:
    """The three parts as they are typed: the merchant's own, ours where a part is empty."""
    said = own.get(language) or {}
    ours = DEFAULTS.get(language, DEFAULTS["en"])
    return {part: str(said.get(part) or ours[part]) for part in PARTS}


def coach(texts: Mapping[str, str], program: str) -> Coach:
    """The parts taken apart: an empty line ends each step, question or objection."""
    said = {part: texts[part].replace("{program}", program) for part in PARTS}
    return Coach(
        script=tuple(_blocks(said["script"])),
        questions=tuple(map(_advice, _blocks(said["questions"]))),
        objections=tuple(map(_advice, _blocks(said["objections"]))),
    )


def _blocks(text: str) -> list[str]:
    plain = text.replace("\r\n", "\n").strip()
    return [block.strip() for block in _BLOCKS.split(plain) if block.strip()]


def _advice(block: str) -> Advice:
    title, _, answer = block.partition("\n")
    return Advice(title.strip(), " ".join(answer.split()))
