"""Why there is no backup, or why one is not put back."""

from __future__ import annotations


class BackupFailed(Exception):
    """`message` is one line for an operator, without a secret."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


SEALED_EXTRA = "sealed backups need pyrage: pip install 'aihub-lite[backup]'"
NOT_OPENED = "the passphrase is not the one that it was sealed with"
NO_SEAL = "the file is no sealed backup of aihub-lite, or is damaged"
