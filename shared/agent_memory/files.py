"""Files and folders of our own: for this user only, and written whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

PRIVATE_FILE: Final = 0o600
PRIVATE_DIR: Final = 0o700


def atomic_write(path: Path, content: bytes, mode: int = PRIVATE_FILE) -> None:
    """Replace the file in one step: a reader, or a crash, finds the old content or the new one; raises OSError.

    The folder must exist. `mode` is the file's afterwards, whatever the umask.
    """
    with whole_file(path, mode) as file:
        file.write(content)


@contextmanager
def whole_file(path: Path, mode: int = PRIVATE_FILE) -> Iterator[BinaryIO]:
    """A file to write, which has its name when the block has ended well; else nothing is left of it.

    Replaces the file of that name as `atomic_write` does.
    """
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), mode)
            # Without it, a power loss may leave the new name on an empty file.
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def atomic_link(path: Path, target: Path) -> None:
    """Make `path` a symbolic link to `target`, in one step: others find the old one or the new; raises OSError."""
    new = path.with_name(f".{path.name}-{os.getpid()}")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(path)


def sync_folder(folder: Path) -> None:
    """Have the names in the folder on disk; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private_dir(path: Path, *, parents: bool = True) -> None:
    """Create the folder for this user only (0700), and by default its parents.

    Raises OSError, PermissionError on a foreign one.
    """
    path.mkdir(mode=PRIVATE_DIR, parents=parents, exist_ok=True)
    require_own(path)
    if path.stat().st_mode & 0o077:
        path.chmod(PRIVATE_DIR)


def require_own(path: Path) -> None:
    """Raise PermissionError where the path is another user's, or a link that is; nothing where there is none."""
    try:
        owners = {path.lstat().st_uid, path.stat().st_uid}
    except FileNotFoundError:
        return
    if owners != {os.getuid()}:
        raise PermissionError(errno.EPERM, f"it belongs to user {max(owners)}, not to you", str(path))
