"""One person's portrait, made ready once and then drawn frame by frame."""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v_render.engines.portrait.arrays import Floats, Pixels, Rgb
from s2v_render.engines.portrait.expression import FaceShape, face_shape
from s2v_render.engines.portrait.eyelids import Eye, eyes_of, shut_eye
from s2v_render.engines.portrait.head import head_of, pose_of
from s2v_render.engines.portrait.lips import Setting, join_layers, lips_of
from s2v_render.engines.portrait.matte import background_plate
from s2v_render.engines.portrait.motion import Motion
from s2v_render.engines.portrait.paint import MouthInside, mouth_inside
from s2v_render.engines.portrait.phones import Mouth
from s2v_render.engines.portrait.rig import Layer, Rig

_UPSCALE = 2
"""A texture of twice the size keeps linear sampling as sharp as cubic would be."""
_MIN_BLINK = 0.01


@dataclass(frozen=True, slots=True)
class Portrait:
    """What is known of a photo before its first frame; never changes.

    Attributes:
        picture: the photo at the film's size.
        rig: bends it.
        shape: the face with its mouth shut.
        texture: the person in the rig's region at twice its size: RGB premultiplied, and alpha.
        identity: where in the texture the pixels of the rig's grid lie, [rows, columns, 2].
        plate: the region's background.
        eyes: for blinking.
        inside: for the open mouth.
    """

    picture: Rgb
    rig: Rig
    shape: FaceShape
    texture: Pixels
    identity: Floats
    plate: Rgb
    eyes: tuple[Eye, Eye]
    inside: MouthInside

    def draw(self, mouth: Mouth, motion: Motion, out: Rgb) -> None:
        """Draw one frame into `out`, which has the picture's shape."""
        rig, region = self.rig, self.rig.region
        pose = pose_of(motion, rig.pivot)
        targets = rig.targets(self.shape.with_mouth(mouth, motion.brow), pose)
        shifts = rig.anchor_shifts(pose, motion.breath)
        upper = self._sources(rig.upper, targets, shifts)
        lower = self._sources(rig.lower, targets, shifts)
        first = rig.lower.first_row * rig.cell
        lips = lips_of(targets, region, rig.head.eye_distance, first, len(upper))
        warped = np.empty((region.height, region.width, 4), np.uint8)
        self._sample(upper[: lips.bottom], warped[: lips.bottom])
        self._sample(lower[lips.bottom - first :], warped[lips.bottom :])
        if motion.blink > _MIN_BLINK:
            for eye in self.eyes:
                shut_eye(warped, upper[: lips.bottom], self.texture, eye, motion.blink)
        beneath = np.empty((lips.bottom - lips.top, region.width, 4), np.uint8)
        self._sample(lower[lips.top - first : lips.bottom - first], beneath)
        if beneath.size:
            setting = Setting(mouth, self.inside, self.shape.photo_gap, rig.head, pose)
            join_layers(warped[lips.top : lips.bottom], beneath, lips, setting)
        np.copyto(out, self.picture)
        out[region.rows, region.columns] = _over(warped, self.plate)

    def _sources(self, layer: Layer, targets: Floats, shifts: Floats) -> Floats:
        """Return where in the texture each pixel of a layer comes from, cut to the region."""
        region, top = self.rig.region, layer.first_row * self.rig.cell
        places = self.rig.sources(layer, targets, shifts, scale=_UPSCALE)
        cv2.add(places, self.identity[top : top + len(places)], dst=places)
        return places[: region.height - top, : region.width]

    def _sample(self, sources: Floats, out: Pixels) -> None:
        if out.size:
            cv2.remap(
                self.texture,
                sources,
                None,
                cv2.INTER_LINEAR,
                dst=out,
                borderMode=cv2.BORDER_REPLICATE,
            )


def make_portrait(picture: Rgb, points: Floats, alpha: Floats) -> Portrait:
    """Prepare a picture from its landmarks [478, 3] and its matte [height, width], 0..1."""
    head = head_of(points)
    shape = face_shape(head.to_local(points))
    rig = Rig(points, head, shape, (picture.shape[1], picture.shape[0]))
    region = rig.region
    person = alpha[region.rows, region.columns]
    plate = background_plate(picture[region.rows, region.columns], person, head.eye_distance)
    in_texture = (points[:, :2] - (region.left, region.top)) * _UPSCALE + (_UPSCALE - 1) / 2
    return Portrait(
        picture=picture,
        rig=rig,
        shape=shape,
        texture=_texture(picture[region.rows, region.columns], person, plate),
        identity=_identity(rig),
        plate=plate,
        eyes=eyes_of(in_texture, head.eye_distance * _UPSCALE),
        inside=mouth_inside(picture, points, shape, head.eye_distance),
    )


def _texture(picture: Rgb, alpha: Floats, plate: Rgb) -> Pixels:
    """Take the background off the person, so that putting both together gives the photo again."""
    opacity = np.round(alpha * 255).astype(np.uint8)
    layers = np.dstack([cv2.subtract(picture, _seen_through(plate, opacity)), opacity])
    size = (picture.shape[1] * _UPSCALE, picture.shape[0] * _UPSCALE)
    texture: Pixels = cv2.resize(layers, size, interpolation=cv2.INTER_LANCZOS4)
    return texture


def _over(warped: Pixels, plate: Rgb) -> Rgb:
    behind = _seen_through(plate, cv2.extractChannel(warped, 3))
    whole: Rgb = cv2.add(cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB), behind)
    return whole


def _seen_through(plate: Rgb, opacity: Pixels) -> Rgb:
    """Return what the person leaves to be seen of the background."""
    clear = cv2.cvtColor(cv2.bitwise_not(opacity), cv2.COLOR_GRAY2RGB)
    seen: Rgb = cv2.multiply(plate, clear, scale=1 / 255)
    return seen


def _identity(rig: Rig) -> Floats:
    rows, columns = np.indices(rig.grid_pixels, np.float32)
    places = np.stack([columns, rows], axis=-1)
    return np.ascontiguousarray(places * _UPSCALE + np.float32((_UPSCALE - 1) / 2))
