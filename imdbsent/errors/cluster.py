"""A cluster, or storage that a cluster shares, that cannot be reached, and jobs that fail on it."""

from __future__ import annotations

from imdbsent.errors.base import ExitCode, ImdbsentError


class ClusterUnreachable(ImdbsentError):
    """There is no cluster at an address, or it does not answer in time."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"no Ray cluster answers at {address!r}: {reason}. Type: ray start --head, and its address behind "
            "--address; or the same command without --address, for this machine alone"
        )


class StorageUnreachable(ImdbsentError):
    """A filesystem that is not this machine's cannot be reached, or does not let us in."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(
            f"cannot reach {location!r}: {reason}. Check the address, the region and the credentials, then type: "
            "the same command"
        )


class JobFailed(ImdbsentError):
    """A job failed on its cluster, in a way that the records are not to blame for."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the job failed on Ray: {reason}. Type: the same command with --concurrency 1, or IMDBSENT_DEBUG=1 "
            "before it for the whole message"
        )
