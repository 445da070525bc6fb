"""One person's portrait, made ready once and then drawn frame by frame."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face.arrays import Floats, Pixels, Rgb
from s2v.face.matte import background_plate
from s2v.lipsync.phones import Mouth
from s2v_render.engines.portrait.expression import FaceShape, face_shape
from s2v_render.engines.portrait.eyes.eyelids import Eye, are_drawn, eyes_of, shut_eye
from s2v_render.engines.portrait.eyes.irises import Iris, looked
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.motion import Motion
from s2v_render.engines.portrait.mouth.lips import Lips, Setting, join_layers, lips_of
from s2v_render.engines.portrait.mouth.paint import MouthInside, mouth_inside
from s2v_render.engines.portrait.mouth.parting import parted, uncrossed
from s2v_render.engines.portrait.mouth.surface import Surface, blur_at, surface_of
from s2v_render.engines.portrait.mouth.tones import shown_inside
from s2v_render.engines.portrait.rig import Field, Region, Rig, region_of

_UPSCALE = 2
"""A texture of twice the size keeps linear sampling as sharp as cubic would be."""
_MIN_BLINK = 0.01
_MIN_GAZE = 1e-4
_REACH = 0.45
"""How far the person may move from their place in the photo, in eye distances."""
_STRIP_PIXELS = 64
"""How high the strips are that a frame is drawn in, which thus stay in the processor's cache."""
_EYE_CORNERS = ((33, 133), (263, 362))


@dataclass(frozen=True, slots=True)
class Portrait:
    """What is known of a photo before its first frame; never changes.

    Attributes:
        picture: the photo at the film's size.
        rig: bends it.
        shape: the face with its mouth shut.
        texture: the person in the rig's region at twice its size: RGB premultiplied, and alpha.
        plate: the region's background.
        strips: the parts of the region, from the top down, that the person may move into.
        eyes: for blinking and looking.
        blinks: whether the eyes can be shut.
        inside: for the open mouth.
        surface: of the photo, for what is painted.
    """

    picture: Rgb
    rig: Rig
    shape: FaceShape
    texture: Pixels
    plate: Rgb
    strips: tuple[Region, ...]
    eyes: tuple[Eye, Eye]
    blinks: bool
    inside: MouthInside
    surface: Surface

    def draw(self, mouth: Mouth, motion: Motion, out: Rgb) -> None:
        """Draw one frame into `out`, which has the picture's shape; threads may do so at once."""
        rig, region = self.rig, self.rig.region
        pose = rig.pose(motion)
        targets = rig.targets(self.shape.with_mouth(mouth, motion.brow), pose)
        shifts = rig.anchor_shifts(pose, motion.breath)
        upper = rig.field(rig.upper, targets, shifts, scale=_UPSCALE)
        lower = rig.field(rig.lower, targets, shifts, scale=_UPSCALE)
        last = min(upper.bottom, region.height)
        lips = lips_of(targets, region, unit=rig.head.eye_distance, first=lower.top, last=last)
        np.copyto(out, self.picture)
        inside = out[region.rows, region.columns]
        for strip in self.strips:
            self._lay(inside, upper, strip.between(0, lips.top))
            self._lay(inside, lower, strip.between(lips.bottom, region.height))
        setting = Setting(mouth, self.inside, self.surface, self.shape.photo_gap, rig.head, pose)
        self._lay_mouth(inside, (upper, lower), lips, setting)
        blinks = self.blinks and motion.blink > _MIN_BLINK
        if blinks or max(abs(motion.gaze_x), abs(motion.gaze_y)) > _MIN_GAZE:
            for eye, corners in zip(self.eyes, _EYE_CORNERS, strict=True):
                ends = eye if blinks else eye.iris
                window = self._around(ends, targets[list(corners)].mean(axis=0))
                self._lay_eye(inside, upper, window.between(0, lips.top), eye, motion)

    def _lay(self, out: Rgb, field: Field, window: Region) -> None:
        if window.area:
            self._put(out, self._sampled(field.over(window)), window)

    def _lay_mouth(
        self, out: Rgb, fields: tuple[Field, Field], lips: Lips, setting: Setting
    ) -> None:
        band = Region(0, lips.top, self.rig.region.width, lips.bottom - lips.top)
        if band.area:
            above, beneath = (self._sampled(field.over(band)) for field in fields)
            join_layers(above, beneath, lips, setting)
            self._put(out, above, band)

    def _lay_eye(self, out: Rgb, field: Field, window: Region, eye: Eye, motion: Motion) -> None:
        if not window.area:
            return
        sources = field.over(window)
        gaze = self.rig.head.axes[:2, :2] @ (motion.gaze_x, motion.gaze_y)
        gaze *= _UPSCALE * self.rig.head.eye_distance
        person = self._sampled(looked(sources, eye.iris, gaze))
        if self.blinks and motion.blink > _MIN_BLINK:
            shut_eye(person, sources, self.texture, eye, amount=motion.blink)
        self._put(out, person, window)

    def _put(self, out: Rgb, person: Pixels, window: Region) -> None:
        """Lay the person over the background in a window of the region."""
        behind = _seen_through(
            self.plate[window.rows, window.columns], cv2.extractChannel(person, 3)
        )
        out[window.rows, window.columns] = cv2.add(cv2.cvtColor(person, cv2.COLOR_RGBA2RGB), behind)

    def _sampled(self, sources: Floats) -> Pixels:
        sampled: Pixels = cv2.remap(
            self.texture, sources, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return sampled

    def _around(self, ends: Eye | Iris, place: Floats) -> Region:
        """Return the part of the region that an eye changes whose middle is at a place."""
        region = self.rig.region
        middle = place - (region.left, region.top)
        size = (region.width, region.height)
        (left, top), (right, bottom) = (
            np.clip(middle + end / _UPSCALE, 0, size).astype(int) for end in (ends.low, ends.high)
        )
        return Region(int(left), int(top), int(right - left), int(bottom - top))


def make_portrait(picture: Rgb, points: Floats, alpha: Floats) -> Portrait:
    """Prepare a picture from its landmarks [478, 3] and its matte [height, width], 0..1."""
    head = head_of(points)
    points = parted(picture, uncrossed(points, head), head)
    unit = head.eye_distance
    shape = face_shape(head.to_local(points))
    shown = shown_inside(picture, points, unit)
    size = (picture.shape[1], picture.shape[0])
    region = region_of(points, head, size)
    person = alpha[region.rows, region.columns]
    with ThreadPoolExecutor(1, "rig") as aside:
        rig = aside.submit(Rig, points, head, shape, size)
        plate = background_plate(picture[region.rows, region.columns], person, unit)
        texture = _texture(picture[region.rows, region.columns], person, plate)
        in_texture = (points[:, :2] - (region.left, region.top)) * _UPSCALE + (_UPSCALE - 1) / 2
        return Portrait(
            picture=picture,
            shape=shape,
            texture=texture,
            plate=plate,
            strips=_strips(person, round(_REACH * unit)),
            eyes=eyes_of(texture, in_texture, unit * _UPSCALE),
            blinks=not are_drawn(picture, points, unit),
            inside=mouth_inside(picture, points, shape, unit, shown),
            surface=surface_of(picture, points, unit, blur=blur_at(picture, points, unit)),
            rig=rig.result(),
        )


def _strips(alpha: Floats, reach: int) -> tuple[Region, ...]:
    """Return what the person can cover within a reach of their matte, cut into low strips."""
    height, width = alpha.shape
    strips = []
    for top in range(0, height, _STRIP_PIXELS):
        bottom = min(top + _STRIP_PIXELS, height)
        near = alpha[max(0, top - reach) : bottom + reach]
        columns = np.flatnonzero(near.any(axis=0))
        if len(columns):
            left, right = max(0, columns[0] - reach), min(width, columns[-1] + 1 + reach)
            strips.append(Region(int(left), top, int(right - left), bottom - top))
    return tuple(strips)


def _texture(picture: Rgb, alpha: Floats, plate: Rgb) -> Pixels:
    """Take the background off the person, so that putting both together gives the photo again."""
    opacity = np.round(alpha * 255).astype(np.uint8)
    layers = np.dstack([cv2.subtract(picture, _seen_through(plate, opacity)), opacity])
    size = (picture.shape[1] * _UPSCALE, picture.shape[0] * _UPSCALE)
    texture: Pixels = cv2.resize(layers, size, interpolation=cv2.INTER_LANCZOS4)
    return texture


def _seen_through(plate: Rgb, opacity: Pixels) -> Rgb:
    """Return what the person leaves to be seen of the background."""
    clear = cv2.cvtColor(cv2.bitwise_not(opacity), cv2.COLOR_GRAY2RGB)
    seen: Rgb = cv2.multiply(plate, clear, scale=1 / 255)
    return seen
