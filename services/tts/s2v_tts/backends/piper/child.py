"""Answer each line of JSON with the phonemes of its text: python -m s2v_tts.backends.piper.child.

This process alone loads piper-tts, which is under the GNU General Public License.
"""

import json
import sys
from itertools import chain

from piper.phonemize_espeak import EspeakPhonemizer


def main() -> None:
    """Answer until there are no more lines."""
    espeak = EspeakPhonemizer()
    for line in sys.stdin:
        asked = json.loads(line)
        sentences = espeak.phonemize(asked["language"], asked["text"])
        parted = chain.from_iterable((" ", *sentence) for sentence in sentences)
        sys.stdout.write(json.dumps(list(parted)[1:]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
