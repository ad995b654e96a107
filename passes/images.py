"""Every picture a wallet wants, made from a design: uploads fitted, the rest drawn in its colours."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

from PIL import Image, ImageOps, UnidentifiedImageError

from passes.artwork import Look, Size, artwork, badge, emblem, reduced, scaled, sketched_artwork
from passes.design import Design
from passes.errors import DesignError

# The bytes of a stored upload by its SHA-256; a KeyError says that it is gone.
ImageStore = Callable[[str], bytes]

# Apple, in points; the files hold one, two and three pixels a point.
APPLE_POINTS: Mapping[str, Size] = {"icon": (38, 38), "logo": (160, 50), "strip": (375, 144)}
# Only with the full-size look of iOS 27.
POSTER_POINTS: Mapping[str, Size] = {
    "artwork": (358, 448),
    "primaryLogo": (126, 30),
    "secondaryLogo": (135, 12),
}
APPLE_SCALES = (1, 2, 3)
# Google, in pixels.
GOOGLE_LOGO: Size = (660, 660)
GOOGLE_HERO: Size = (1032, 336)
GOOGLE_WIDE: Size = (1280, 400)
WIDE_FROM = 2  # times as wide as high: a lettering, which a circle would cut
GOOGLE_LOGO_SAFE = 0.70  # share of the side left by Google's margin of 15 % on each edge

UPLOAD_PIXELS_MAX = 40_000_000  # pixels; a phone's photograph passes, a decompression bomb does not
UPLOAD_BYTES_MAX = 10 * 1024 * 1024  # bytes
TOO_MANY_PIXELS = "The {} has too many pixels: use at most 6000 × 6000."
UPLOAD_FORMATS = ("PNG", "JPEG")
CACHED_LOOKS = 64  # designs × tiers; about 300 kB each
PNG_LEVEL = 9  # made once per design, read for ever
PREVIEW_SCALE = 2  # pixels a point: sharp enough on a page
PREVIEW_PNG_LEVEL = 1  # made at every move of a colour's slider
PREVIEW_LOGO: Size = (132, 132)
PREVIEW_HERO: Size = (688, 224)
PREVIEW_ARTWORK: Size = (537, 672)


Draw = Callable[[Look, Size], Image.Image]
Maker = Callable[[Look, ImageStore], Mapping[str, bytes]]

_made: OrderedDict[tuple[str, Look], Mapping[str, bytes]] = OrderedDict()
_lock = threading.Lock()


def no_uploads(digest: str) -> bytes:
    """The store of a program that never uploaded anything."""
    raise KeyError(digest)


def apple_images(
    design: Design, tier_key: str | None, store: ImageStore, language: str | None = None
) -> Mapping[str, bytes]:
    """The nine PNG files of a store card, by file name (`icon@2x.png` …), and those of the poster
    look where the design has one."""
    look = _look(design, tier_key, language)
    files = _once("apple", look, store, _apple)
    if design.poster is None:
        return files
    return {**files, **_once("poster", look, store, _poster)}


def all_apple_images(
    design: Design, tier_key: str | None, languages: tuple[str, ...], store: ImageStore
) -> Mapping[str, bytes]:
    """The same for the program's own language, and what is different in others in their folders."""
    files = dict(apple_images(design, tier_key, store, languages[0]))
    for language in languages[1:]:
        if design.pictures(tier_key, language) == design.pictures(tier_key, languages[0]):
            continue
        for name, png in apple_images(design, tier_key, store, language).items():
            if png != files[name]:
                files[f"{language}.lproj/{name}"] = png
    return files


def google_images(
    design: Design, store: ImageStore, tier_key: str | None = None
) -> Mapping[str, bytes]:
    """The PNG files `logo` (660 × 660), `hero` (1032 × 336) and, of a wide logo, `wide`."""
    return _once("google", _look(design, tier_key), store, _google)


def print_logo(design: Design, store: ImageStore, side: int, language: str) -> Image.Image:
    """The mark beside a program's name on paper: the upload as it is, at most `side` pixels, or a drawn one."""
    look = _look(design, None, language)
    for role in ("logo", "icon"):
        if upload := _upload(look, store, role):
            return ImageOps.contain(upload, (side, side), Image.Resampling.LANCZOS)
    return badge(look, side)


def media(design: Design, store: ImageStore) -> Mapping[str, bytes]:
    """The PNG files Google fetches for a design and all its tiers, by `media_hash`."""
    pictures = (google_images(design, store, tier) for tier in (None, *design.tiers))
    return {media_hash(png): png for found in pictures for png in found.values()}


def media_hash(png: bytes) -> str:
    """The name under which a picture is published: other bytes, other address, no stale cache."""
    return hashlib.sha256(png).hexdigest()[:32]


def check_upload(data: bytes) -> None:
    """Refuse what cannot become a picture on a card; the `DesignError` says what to change."""
    _open(data, "image")


def _look(design: Design, tier_key: str | None, language: str | None = None) -> Look:
    background, foreground, _ = design.colours(tier_key)
    uploads = tuple(sorted(design.pictures(tier_key, language).items()))
    return Look(background, foreground, design.monogram, uploads, design.pattern)


def preview_picture(
    design: Design, name: str, store: ImageStore, tier_key: str | None, language: str | None
) -> bytes:
    """One picture of a face as a page shows it, of the same making as the wallets': `icon`, `logo`,
    `strip` of Apple, `google_logo`, `hero`, `wide` of Google; `artwork`, `primary_logo`,
    `secondary_logo` of the full-size look."""
    look = _look(design, tier_key, language)
    return _once(f"preview-{name}", look, store, _PREVIEWS[name])[name]


def picture_key(design: Design, tier_key: str | None, language: str | None) -> str:
    """Changes when any picture of this face does."""
    look = _look(design, tier_key, language)
    return hashlib.sha256(repr(look).encode()).hexdigest()[:16]


def is_wide(width: int, height: int) -> bool:
    """Whether a logo is a lettering, which Google shows instead of the round mark."""
    return width >= WIDE_FROM * height


def _once(wallet: str, look: Look, store: ImageStore, make: Maker) -> Mapping[str, bytes]:
    """The pictures made earlier, or made now. The store is not kept: it may hold a database."""
    key = (wallet, look)
    with _lock:
        if key in _made:
            _made.move_to_end(key)
            return _made[key]
    files = make(look, store)
    with _lock:
        _made[key] = files
        while len(_made) > CACHED_LOOKS:
            _made.popitem(last=False)
    return files


def _apple(look: Look, store: ImageStore) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    for role, points in APPLE_POINTS.items():
        files |= _scales(role, points, _apple_master(look, store, role, _largest(points)))
    return files


def _poster(look: Look, store: ImageStore) -> Mapping[str, bytes]:
    """Full-size artwork and the logos on it (iOS 27)."""
    points = POSTER_POINTS["artwork"]
    upload = _upload(look, store, "artwork")
    master = _cover(upload, _largest(points), look) if upload else artwork(look, _largest(points))
    files = _scales("artwork", points, master)
    points = POSTER_POINTS["primaryLogo"]
    logo = _upload(look, store, "primary_logo") or _upload(look, store, "logo")
    size = _largest(points)
    master = _contained(logo, size) if logo else badge(look, size[1])
    files |= _scales("primaryLogo", points, master)
    if second := _upload(look, store, "secondary_logo"):
        points = POSTER_POINTS["secondaryLogo"]
        files |= _scales("secondaryLogo", points, _contained(second, _largest(points)))
    return files


def _largest(points: Size) -> Size:
    return scaled(points, max(APPLE_SCALES))


def _scales(role: str, points: Size, master: Image.Image) -> dict[str, bytes]:
    """The files of a role, from its largest picture."""
    files = {}
    for scale in APPLE_SCALES:
        suffix = "" if scale == 1 else f"@{scale}x"
        # A logo may be narrower than its box; the others fill theirs.
        size = (max(1, master.width * scale // APPLE_SCALES[-1]), points[1] * scale)
        files[f"{role}{suffix}.png"] = _png(reduced(master, size))
    return files


def _google(look: Look, store: ImageStore) -> Mapping[str, bytes]:
    strip = _upload(look, store, "hero") or _upload(look, store, "strip")
    hero = _cover(strip, GOOGLE_HERO, look) if strip else artwork(look, GOOGLE_HERO)
    found = {"logo": _png(_google_logo(look, store)), "hero": _png(hero)}
    logo = _upload(look, store, "logo")
    if logo and is_wide(logo.width, logo.height):
        found["wide"] = _png(_wide_logo(logo))
    return found


def _wide_logo(logo: Image.Image) -> Image.Image:
    """A lettering as the card's head shows it instead of the round mark; the card's colour shines
    through where it is transparent."""
    canvas = Image.new("RGBA", GOOGLE_WIDE, (0, 0, 0, 0))
    fitted = ImageOps.contain(logo, GOOGLE_WIDE, Image.Resampling.LANCZOS)
    canvas.paste(fitted, (0, (canvas.height - fitted.height) // 2))
    return canvas


def _apple_master(
    look: Look, store: ImageStore, role: str, size: Size, draw: Draw = artwork
) -> Image.Image:
    upload = _upload(look, store, role)
    if role == "logo":
        return _contained(upload, size) if upload else badge(look, size[1])
    if upload:
        return _cover(upload, size, look)
    if role == "icon":
        return emblem(look, size, fill=look.background, ink=look.foreground)
    return draw(look, size)


def _google_logo(look: Look, store: ImageStore, size: Size = GOOGLE_LOGO) -> Image.Image:
    """Google masks it to a circle on the card's colour, so a drawn one swaps the two colours."""
    if icon := _upload(look, store, "google_logo") or _upload(look, store, "icon"):
        return _cover(icon, size, look)
    if logo := _upload(look, store, "logo"):
        canvas = Image.new("RGB", size, look.background)
        safe = scaled(size, GOOGLE_LOGO_SAFE)
        fitted = ImageOps.contain(logo, safe, Image.Resampling.LANCZOS)
        place = ((canvas.width - fitted.width) // 2, (canvas.height - fitted.height) // 2)
        canvas.paste(fitted, place, fitted)
        return canvas
    return emblem(look, size, fill=look.foreground, ink=look.background)


def _upload(look: Look, store: ImageStore, role: str) -> Image.Image | None:
    """The uploaded picture of a role as RGBA, or nothing when there is none."""
    digest = dict(look.uploads).get(role)
    if digest is None:
        return None
    try:
        data = store(digest)
    except KeyError as error:
        raise DesignError(
            f"The {role} image of this design is missing: upload it again."
        ) from error
    return _open(data, role)


def _open(data: bytes, role: str) -> Image.Image:
    if len(data) > UPLOAD_BYTES_MAX:
        raise DesignError(f"The {role} is larger than {UPLOAD_BYTES_MAX // 1024**2} MB.")
    try:
        image = Image.open(io.BytesIO(data), formats=UPLOAD_FORMATS)
        if image.width * image.height > UPLOAD_PIXELS_MAX:
            raise DesignError(TOO_MANY_PIXELS.format(role))
        if getattr(image, "is_animated", False):
            raise DesignError(f"The {role} is animated; wallets show still pictures only.")
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    except Image.DecompressionBombError as error:
        raise DesignError(TOO_MANY_PIXELS.format(role)) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, DesignError):
            raise
        raise DesignError(f"The {role} is not a readable PNG or JPEG picture.") from error
    if not upright.getchannel("A").getbbox():
        raise DesignError(f"The {role} is fully transparent.")
    return upright


def _cover(image: Image.Image, size: Size, look: Look) -> Image.Image:
    """Fill the box and cut what stands over; transparency shows the card's colour."""
    fitted = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", size, look.background)
    canvas.paste(fitted, (0, 0), fitted)
    return canvas


def _contained(image: Image.Image, size: Size) -> Image.Image:
    """As large as fits the box; as tall as the box, so that the three sizes stay in proportion."""
    fitted = ImageOps.contain(image, size, Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (fitted.width, size[1]), (0, 0, 0, 0))
    canvas.paste(fitted, (0, (size[1] - fitted.height) // 2))
    return canvas


def _preview_apple(role: str) -> Maker:
    def _make(look: Look, store: ImageStore) -> Mapping[str, bytes]:
        size = scaled(APPLE_POINTS[role], PREVIEW_SCALE)
        shown = _apple_master(look, store, role, size, sketched_artwork)
        return {role: _png(shown, PREVIEW_PNG_LEVEL)}

    return _make


def _preview_google(look: Look, store: ImageStore) -> Mapping[str, bytes]:
    logo = _google_logo(look, store, PREVIEW_LOGO)
    return {"google_logo": _png(logo, PREVIEW_PNG_LEVEL)}


def _preview_hero(look: Look, store: ImageStore) -> Mapping[str, bytes]:
    upload = _upload(look, store, "hero") or _upload(look, store, "strip")
    size = PREVIEW_HERO
    hero = _cover(upload, size, look) if upload else sketched_artwork(look, size)
    return {"hero": _png(hero, PREVIEW_PNG_LEVEL)}


def _preview_wide(look: Look, store: ImageStore) -> Mapping[str, bytes]:
    logo = _upload(look, store, "logo")
    return {"wide": _png(_wide_logo(logo) if logo else _google_logo(look, store))}


def _preview_artwork(look: Look, store: ImageStore) -> Mapping[str, bytes]:
    upload, size = _upload(look, store, "artwork"), PREVIEW_ARTWORK
    shown = _cover(upload, size, look) if upload else sketched_artwork(look, size)
    return {"artwork": _png(shown, PREVIEW_PNG_LEVEL)}


def _preview_poster_logo(role: str, box: str) -> Maker:
    def _make(look: Look, store: ImageStore) -> Mapping[str, bytes]:
        size = scaled(POSTER_POINTS[box], PREVIEW_SCALE)
        upload = _upload(look, store, role) or _upload(look, store, "logo")
        shown = _contained(upload, size) if upload else badge(look, size[1])
        return {role: _png(shown, PREVIEW_PNG_LEVEL)}

    return _make


_PREVIEWS: Mapping[str, Maker] = {
    **{role: _preview_apple(role) for role in APPLE_POINTS},
    "google_logo": _preview_google,
    "hero": _preview_hero,
    "wide": _preview_wide,
    "artwork": _preview_artwork,
    "primary_logo": _preview_poster_logo("primary_logo", "primaryLogo"),
    "secondary_logo": _preview_poster_logo("secondary_logo", "secondaryLogo"),
}
PREVIEWS = tuple(_PREVIEWS)
POSTER_PREVIEWS = ("artwork", "primary_logo", "secondary_logo")


def _png(image: Image.Image, level: int = PNG_LEVEL) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG", compress_level=level)
    return data.getvalue()
