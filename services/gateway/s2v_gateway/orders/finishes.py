"""Check what a user asks for at a film's end against what there is."""

from collections.abc import Callable

from s2v.captions.lettering import undrawable
from s2v.core.artifact import Artifact
from s2v.core.errors import InvalidInput, NotFound, Reason
from s2v.core.finishing import Finish, check_restores
from s2v.core.job import JobSpec
from s2v.media.photo import PHOTO_NAMES, PHOTO_TYPES
from s2v_gateway.assets.library import Asset
from s2v_gateway.orders.catalogue import Catalogue

_LETTERS_TOLD = 20


async def check_offered(finish: Finish, catalogue: Catalogue) -> None:
    """Refuse what this installation cannot do.

    Raises:
        InvalidInput: FIELD_INVALID.
        Unavailable: the compositor never answered.
    """
    if finish.restore_faces:
        check_restores(finish, able=(await catalogue.finishes()).restores_faces)


def finish_images(
    spec: JobSpec, find_asset: Callable[[str], Asset]
) -> tuple[Artifact | None, Artifact | None]:
    """Find the images of the watermark and of the background.

    Raises:
        InvalidInput: one is no image (MEDIA_TYPE_UNSUPPORTED).
        NotFound: ASSET_NOT_FOUND.
    """
    found = {field: _image(name, field, find_asset) for field, name in spec.finish.assets.items()}
    return (
        found.get("spec.finish.watermark.image"),
        found.get("spec.finish.background.image"),
    )


def check_drawable(spec: JobSpec) -> None:
    """Refuse a watermark's text that cannot be drawn.

    Raises:
        InvalidInput: FIELD_INVALID.
    """
    mark = spec.finish.watermark
    if mark and (letters := undrawable(mark.text)):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"no font has {letters[:_LETTERS_TOLD]!r}; give an image in its place",
            field="spec.finish.watermark.text",
        )


def named_asset(name: str, field: str, find_asset: Callable[[str], Asset]) -> Asset:
    """Find the asset that a field names.

    Raises:
        NotFound: ASSET_NOT_FOUND.
    """
    try:
        return find_asset(name)
    except NotFound as error:
        raise NotFound(error.reason, error.message, field=field) from error


def _image(name: str, field: str, find_asset: Callable[[str], Asset]) -> Artifact:
    asset = named_asset(name, field, find_asset)
    if asset.media_type not in PHOTO_TYPES:
        raise InvalidInput(
            Reason.MEDIA_TYPE_UNSUPPORTED,
            f"it is {asset.media_type}; give an image, {PHOTO_NAMES}",
            field=field,
        )
    return asset.artifact
