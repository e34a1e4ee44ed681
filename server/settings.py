"""Every setting and limit of the server: unit, default, and the environment variable that changes it."""

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from server.errors import StartError

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "DIGITS_"


class SettingError(StartError):
    """A setting has an unusable value."""


def setting(
    default: Any, env: str, meaning: str, low: int | None = None, high: int | None = None, choices: Sequence[str] = ()
) -> Any:
    """Declare a setting; `low` and `high` are the least and the largest allowed number, `choices` the allowed words."""
    return field(
        default=default, metadata={"env": env, "meaning": meaning, "low": low, "high": high, "choices": choices}
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings, checked.

    Raises:
        SettingError: a value is out of its range.
    """

    host: str = setting("127.0.0.1", "HOST", "address to listen on")
    port: int = setting(8000, "PORT", "TCP port to listen on; 0 takes any free one", 0, 65_535)
    models: Path = setting(ROOT / "static/models", "DIGITS_MODELS", "folder of the trained models")
    dist: Path = setting(ROOT / "static/dist", "DIGITS_DIST", "folder of the built page")
    log: str = setting("info", "DIGITS_LOG", "least level of what is logged", choices=("info", "warning", "error"))
    trusted_proxy: str = setting(
        "", "DIGITS_TRUSTED_PROXY", "address of the proxy whose X-Forwarded headers are believed; * is any"
    )

    processes: int = setting(
        min(os.cpu_count() or 1, 4),
        "DIGITS_PROCESSES",
        "processes that serve; rates count in each without a shared DIGITS_RATE_STORAGE",
        1,
        256,
    )
    threads: int = setting(4, "DIGITS_THREADS", "requests a process works on at once", 1, 256)
    upload_threads: int = setting(12, "DIGITS_UPLOAD_THREADS", "requests with files a process works on at once", 1, 256)
    max_connections: int = setting(500, "DIGITS_MAX_CONNECTIONS", "open connections of a process", 1, 100_000)
    idle_seconds: int = setting(60, "DIGITS_IDLE_SECONDS", "seconds a silent connection stays open", 1, 3_600)
    max_queue: int = setting(
        256, "DIGITS_MAX_QUEUE", "requests of either kind that wait for a thread of a process", 1, 100_000
    )
    slow_seconds: int = setting(20, "DIGITS_SLOW_SECONDS", "seconds a request may take to arrive at any pace", 1, 3_600)
    min_bytes_per_second: int = setting(
        1_000, "DIGITS_MIN_BYTES_PER_SECOND", "bytes a second at which a longer one must arrive", 1, 2**30
    )
    drain_seconds: int = setting(8, "DIGITS_DRAIN_SECONDS", "seconds to finish in after SIGTERM", 0, 3_600)
    predict_rate: int = setting(
        3_000, "DIGITS_PREDICT_RATE", "predictions a minute for one address; 0 is no limit", 0, 10**9
    )
    compare_rate: int = setting(
        600, "DIGITS_COMPARE_RATE", "comparisons and reports a minute for one address; 0 is no limit", 0, 10**9
    )
    rate_storage: str = setting(
        "memory://",
        "DIGITS_RATE_STORAGE",
        "URL where processes share their counts, e.g. redis://127.0.0.1:6379 (needs the package redis)",
    )
    max_header_bytes: int = setting(16_384, "DIGITS_MAX_HEADER_BYTES", "bytes of a request's head", 1_024, 2**20)
    max_body_bytes: int = setting(16 * 2**20, "DIGITS_MAX_BODY_BYTES", "bytes of a request's body", 1_024, 2**30)
    max_form_parts: int = setting(16, "DIGITS_MAX_FORM_PARTS", "parts of a multipart body", 1, 10_000)
    # At least two of the form parser's own 64 KiB buffers, or it would refuse files.
    max_field_bytes: int = setting(2**19, "DIGITS_MAX_FIELD_BYTES", "bytes of form fields without files", 2**17, 2**24)
    max_json_depth: int = setting(16, "DIGITS_MAX_JSON_DEPTH", "lists and objects of a JSON body in each other", 8, 500)
    # The largest that is sent in earnest, a comparison's summary, has some hundred.
    max_json_values: int = setting(10_000, "DIGITS_MAX_JSON_VALUES", "values of a JSON body", 1_000, 10**7)
    max_pixels: int = setting(32_000_000, "DIGITS_MAX_PIXELS", "pixels (width x height) of a picture", 784, 2**27)
    max_layers: int = setting(500, "DIGITS_MAX_LAYERS", "layers and groups of a Photoshop file", 1, 100_000)
    max_layer_area: int = setting(
        8, "DIGITS_MAX_LAYER_AREA", "times DIGITS_MAX_PIXELS that all layers cover together", 1, 1_000
    )

    readers: int = setting(
        os.cpu_count() or 1,
        "DIGITS_READERS",
        "files a process reads at once, each in a reading process; one more is for who used little",
        1,
        256,
    )
    max_file_seconds: int = setting(10, "DIGITS_MAX_FILE_SECONDS", "seconds to read one file", 1, 600)
    max_reader_bytes: int = setting(
        2**30, "DIGITS_MAX_READER_BYTES", "bytes of memory of a process that reads files", 2**28, 2**36
    )
    max_upload_bytes: int = setting(2**26, "DIGITS_MAX_UPLOAD_BYTES", "bytes of files to compare", 1_024, 2**30)
    max_upload_files: int = setting(2_000, "DIGITS_MAX_UPLOAD_FILES", "files of an upload to compare", 1, 100_000)
    max_report_rows: int = setting(100_000, "DIGITS_MAX_REPORT_ROWS", "rows of a report", 1, 10**7)
    max_zip_entries: int = setting(100_000, "DIGITS_MAX_ZIP_ENTRIES", "files in a ZIP", 1, 10_000_000)
    max_zip_ratio: int = setting(200, "DIGITS_MAX_ZIP_RATIO", "bytes unpacked from one byte of a ZIP", 2, 2_000)
    max_file_bytes: int = setting(2**27, "DIGITS_MAX_FILE_BYTES", "bytes of one file to compare", 1_024, 2**30)

    def __post_init__(self) -> None:
        for item in fields(self):
            low, high = item.metadata["low"], item.metadata["high"]
            value = getattr(self, item.name)
            if low is not None and not low <= value <= high:
                raise SettingError(
                    f"{item.metadata['env']}={value} is out of range: "
                    f"give a whole number from {low} to {high} ({item.metadata['meaning']})."
                )
            choices = item.metadata["choices"]
            if choices and value not in choices:
                raise SettingError(f"{item.metadata['env']}={value!r} is not one of {', '.join(choices)}.")
        if self.trusted_proxy not in ("", "*"):
            self._check_proxy()

    def _check_proxy(self) -> None:
        try:
            proxy = ipaddress.ip_address(self.trusted_proxy)
        except ValueError:
            raise SettingError(
                f"DIGITS_TRUSTED_PROXY={self.trusted_proxy!r} is not an address, e.g. 127.0.0.1 or ::1."
            ) from None
        object.__setattr__(self, "trusted_proxy", str(proxy))  # as the system writes it too

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings from environment variables; those not set keep their defaults.

        Raises:
            SettingError: a value has the wrong type or range, or no setting has that name.
        """
        known = {item.metadata["env"]: item for item in fields(cls)}
        for name in environ:
            if name.startswith(PREFIX) and name not in known:
                raise SettingError(f"{name} is not a setting. The settings are {', '.join(known)}.")
        values: dict[str, Any] = {}
        for name, item in known.items():
            text = environ.get(name, "").strip()
            if not text:
                continue
            try:
                values[item.name] = type(getattr(cls, item.name))(text)
            except ValueError:
                raise SettingError(f"{name}={text!r} is not a whole number ({item.metadata['meaning']}).") from None
        return cls(**values)
