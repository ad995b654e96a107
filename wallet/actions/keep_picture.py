"""Take a picture for a design: made anew, kept once under the hash of its bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PIL import Image as Pillow
from sqlalchemy.orm import Session

from passes.palette import Scheme, schemes
from passes.safe_picture import Crop, PictureError, SafePicture, made_safe
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.tables.design import Image, count_images, image_with_hash

PICTURES_MAX = 500  # of a program; a hundred designs with all their pictures

_CODES = {
    "format": "picture_format",
    "bytes": "picture_too_large",
    "pixels": "picture_too_many_pixels",
    "small": "picture_too_small",
    "animated": "picture_animated",
    "empty": "picture_empty",
    "broken": "picture_broken",
}


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture that a design may name, and colours drawn from it."""

    sha256: str
    width: int
    height: int
    schemes: Sequence[Scheme]


def read_picture(data: bytes, crop: Crop) -> SafePicture:
    """The upload made anew, outside any transaction: it takes a second. Refusals `picture_…`."""
    try:
        return made_safe(data, crop)
    except PictureError as error:
        raise Refusal(_CODES[error.kind]) from error


def keep_picture(
    session: Session, program_id: int, picture: SafePicture, now: datetime
) -> KeptPicture:
    """The stored picture; the same pixels twice are one."""
    digest = hashlib.sha256(picture.png).hexdigest()
    if image_with_hash(session, digest) is None:
        if count_images(session, program_id) >= PICTURES_MAX:
            raise Refusal("pictures_too_many")
        session.add(
            Image(
                id=new_id(),
                program_id=program_id,
                sha256=digest,
                data=picture.png,
                width=picture.width,
                height=picture.height,
                created_at=now,
            )
        )
    found = schemes(Pillow.open(io.BytesIO(picture.png)))
    return KeptPicture(digest, picture.width, picture.height, found)
