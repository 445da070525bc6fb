"""Which device group speaks and renders a segment, where an engine has some with names."""

import zlib

from s2v.core.job import Order
from s2v_gateway.film.offers import EngineCatalogue


class DeviceGroups:
    """Deals the segments of a film out to an engine's device groups, beginning anywhere.

    A group is a wish: who is asked falls back to another one where it is busy or away.
    """

    def __init__(self) -> None:
        self._groups: dict[str, tuple[str, ...]] = {}

    def learn(self, catalogue: EngineCatalogue) -> None:
        """Take note of the groups that engines have now."""
        self._groups = {offer.name: offer.device_groups for offer in catalogue.offers}

    def of(self, order: Order, index: int) -> str:
        """Return the group for a segment of an order; empty where its engine has none."""
        groups = self._groups.get(order.spec.engine)
        if not groups:
            return ""
        return groups[(zlib.crc32(order.job_id.encode()) + index) % len(groups)]
