"""Doctors: each looks at one part of the installation and says what is right, wrong, and to do.

`comptoir doctor`, `/readyz` and the console's set-up pages show what they say. A new doctor is a
function in a file of its own and a line in `DOCTORS`.
"""

from __future__ import annotations

from wallet.doctor.apple import apple_doctor
from wallet.doctor.check import (
    Check,
    Doctor,
    Installation,
    Spoken,
    State,
    Translate,
    speak,
    worst,
)
from wallet.doctor.google import google_doctor
from wallet.doctor.service import service_doctor

DOCTORS: dict[str, Doctor] = {
    "service": service_doctor,
    "apple": apple_doctor,
    "google": google_doctor,
}

__all__ = [
    "DOCTORS",
    "Check",
    "Doctor",
    "Installation",
    "Spoken",
    "State",
    "Translate",
    "speak",
    "worst",
]
