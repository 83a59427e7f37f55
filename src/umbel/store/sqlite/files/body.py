"""The codec of bodies: a task's facts, compressed with zstandard against a dictionary.

Bodies are short and alike, so they are compressed against a dictionary: at first one made
of typical events, later one trained on the partition's own. A blob's first byte names its
dictionary; frames carry no magic number, no checksum and no dictionary id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import zstandard
from msgspec.structs import replace

from umbel.cluster.events import Event
from umbel.cluster.facts import Facts, pack, unpack

#: Bodies that are sampled before a dictionary is trained, and the size of one.
SAMPLES_WANTED = 2_000
_DICTIONARY_BYTES = 16_384
#: Lengths of the segments that a dictionary is made of, and of what they are judged by, in bytes.
#: To have zstandard look for the best ones takes five times as long and saves 1 % of a body.
_SEGMENT_BYTES, _JUDGED_BYTES = 512, 6
_LEVEL = 1
#: What every frame would begin with (RFC 8878, 3.1.1), so the file does without. It is put
#: before what is read, since zstandard before 0.24 finds no length in a frame without it.
_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_BUILT_IN = 0
#: What a body may grow to; facts are bounded far below.
_BODY_MAX_BYTES = 64 * 2**20


def _typical() -> bytes:
    node, uuid = "celery@worker-1.example", "0b0f0000-0000-4000-8000-000000000000"
    traceback = (
        'Traceback (most recent call last):\n  File "/usr/lib/python3/site-packages/celery/app/'
        'trace.py", line 453, in trace_task\n    R = retval = fun(*args, **kwargs)\n'
        '  File "/app/tasks.py", line 1, in run\n    raise ValueError()\nValueError: '
    )
    started = Event(
        type="task-started", timestamp=1.7e9, hostname=node, pid=4711, clock=10_000, uuid=uuid
    )
    received = replace(
        started, type="task-received", name="app.tasks.", args="()", kwargs="{}", retries=0,
        root_id=uuid, eta="2026-01-01T00:00:00.000000+00:00",
    )  # fmt: skip
    sent = replace(
        received, type="task-sent", hostname="gen1@web-1.example", queue="celery", exchange="",
        routing_key="celery",
    )  # fmt: skip
    failed = replace(
        started, type="task-failed", exception="ValueError('invalid literal for int()')",
        traceback=traceback,
    )  # fmt: skip
    succeeded = replace(started, type="task-succeeded", result="None", runtime=0.1)
    return pack((failed,)) + pack((sent, received, started, succeeded))


class BodyCodec:
    """The codec of one partition, for one thread: give each its own.

    `trained` gives the dictionaries of the partition, by number. They are asked for at once, and
    with `lazy` when the first body needs one; and again when a body needs one that is newer. What
    compresses and decompresses takes half a megabyte, and is made when it is needed.
    """

    def __init__(
        self, trained: Callable[[], Iterable[tuple[int, bytes]]] = tuple, *, lazy: bool = False
    ) -> None:
        self._trained = trained
        self._dictionaries: dict[int, bytes] = {}
        self._decompressors: dict[int, zstandard.ZstdDecompressor] = {}
        # Its type tells less than it can do: any iterable of results.
        self._compressor: Any = None
        self.add_dictionary(_BUILT_IN, _typical())
        if not lazy:
            self._add_trained()

    def _add_trained(self) -> None:
        for number, dictionary in self._trained():
            self.add_dictionary(number, dictionary)

    def add_dictionary(self, number: int, dictionary: bytes) -> None:
        """Decompress what was compressed with this dictionary, and compress with it from now on."""
        self._dictionaries[number] = dictionary
        self._compressor = None
        self.newest = number

    def rest(self) -> None:
        """Give back what compresses and decompresses, until it is needed again."""
        self._decompressors = {}
        self._compressor = None

    def _shared(self, number: int) -> zstandard.ZstdCompressionDict:
        kind = zstandard.DICT_TYPE_RAWCONTENT if number == _BUILT_IN else zstandard.DICT_TYPE_AUTO
        return zstandard.ZstdCompressionDict(self._dictionaries[number], dict_type=kind)

    def _made_compressor(self) -> Any:
        parameters = zstandard.ZstdCompressionParameters.from_level(
            _LEVEL,
            format=zstandard.FORMAT_ZSTD1_MAGICLESS,
            write_dict_id=False,
            write_content_size=True,
        )
        shared = self._shared(self.newest)
        self._compressor = zstandard.ZstdCompressor(dict_data=shared, compression_params=parameters)
        return self._compressor

    def _made_decompressor(self, number: int) -> zstandard.ZstdDecompressor:
        if number not in self._dictionaries:
            self._add_trained()
        made = zstandard.ZstdDecompressor(dict_data=self._shared(number))
        self._decompressors[number] = made
        return made

    def compress(self, packed: list[bytes]) -> list[bytes]:
        """Each (none is empty) as a blob. All in one call, so that the interpreter's lock
        changes hands once."""
        if not packed:
            return []
        prefix, compressor = bytes((self.newest,)), self._compressor or self._made_compressor()
        if "multi_compress_to_buffer" not in zstandard.backend_features:
            return [prefix + compressor.compress(each) for each in packed]
        return [prefix + each for each in compressor.multi_compress_to_buffer(packed)]

    def decompress(self, compressed: bytes) -> bytes:
        """The packed facts that `compress` was given. Raises `KeyError` for a dictionary that the
        partition has not."""
        number = compressed[0]
        decompressor = self._decompressors.get(number) or self._made_decompressor(number)
        return decompressor.decompress(_MAGIC + compressed[1:], max_output_size=_BODY_MAX_BYTES)

    def facts(self, compressed: bytes) -> Facts:
        return unpack(self.decompress(compressed))


def train(samples: list[bytes]) -> bytes | None:
    """A dictionary for bodies like these; None if they have too little in common."""
    try:
        dictionary = zstandard.train_dictionary(
            _DICTIONARY_BYTES, list(samples), k=_SEGMENT_BYTES, d=_JUDGED_BYTES
        )
        return dictionary.as_bytes()
    except zstandard.ZstdError:
        return None
