"""Find the model that answers, and install it on first use: from the package, else from IMDBSENT_MODEL_URL."""

from __future__ import annotations

import logging
import os
import shutil
from typing import TYPE_CHECKING, Final

from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.bundle.card import CARD
from imdbsent.errors import DownloadFailed, ModelsUnwritable, UsageProblem
from imdbsent.models import publish, store

if TYPE_CHECKING:
    from imdbsent.fetch import DownloadProgress

URL_VARIABLE: Final = "IMDBSENT_MODEL_URL"

_ATTEMPTS: Final = 5
"""How often a model of the package is installed if other processes remove it each time."""

logger = logging.getLogger(__name__)


def resolve(model: str | None = None, progress: DownloadProgress | None = None) -> Bundle:
    """Find a model, and install it first if needed.

    Args:
        model: name of a model, or path of its folder; None for `imdbsent.models.store.default_model`.
        progress: receives the progress of a download.

    Returns:
        A bundle whose card has been read; the classifier checks the files that it reads.

    Raises:
        ModelMissing: there is no such model.
        DefaultMissing: the model that the user chose as the default is gone.
        BundleInvalid: the model is damaged.
        DownloadFailed: it could not be downloaded from IMDBSENT_MODEL_URL.
        UsageProblem: IMDBSENT_MODEL_URL has no hash.
    """
    bundle = store.find(model, lambda name: _resolve_named(name, progress))
    logger.debug(f"the model is '{bundle.card.name}' in {bundle.directory}")
    return bundle


def _resolve_named(name: str, progress: DownloadProgress | None) -> Bundle:
    if store.is_name(name):
        if store.is_folder(store.PRETRAINED / name):
            return _from_package(name)
        url = os.environ.get(URL_VARIABLE)
        if url and not store.is_installed(name):
            return _from_url(url, name, progress)
    return store.locate_named(name)


def _from_package(name: str) -> Bundle:
    shipped = read_bundle(store.PRETRAINED / name)
    models = store.directory_of(name).parent
    try:
        for _ in range(_ATTEMPTS):
            if (bundle := store.current_copy(shipped)) is not None:
                return bundle
            _install(shipped)
    except OSError as error:
        reason = error.strerror or str(error)
        logger.info(f"could not keep a copy of the model in {models} ({reason}); answering from the package")
    return shipped


def _install(shipped: Bundle) -> None:
    final = store.directory_of(shipped.directory.name)
    with publish.staging(final.parent) as fresh:
        for file in (CARD, *shipped.card.files):
            shutil.copyfile(shipped.directory / file, fresh / file)
        read_bundle(fresh).verify()
        with publish.locked():
            if store.current_copy(shipped) is not None:
                return  # another first run was faster
            publish.swap(fresh, final)
    logger.info(f"installed the model '{final.name}' in {final}")


def _from_url(url: str, name: str, progress: DownloadProgress | None) -> Bundle:
    from imdbsent.models import install  # noqa: PLC0415 (a download happens once)

    address, _, fragment = url.partition("#")
    sha256 = fragment.removeprefix("sha256=")
    if not store.is_sha256(sha256):
        raise UsageProblem(f"{URL_VARIABLE} needs the hash of the file: {URL_VARIABLE}={address}#sha256=<64 digits>")
    next_step = f"Check {URL_VARIABLE}, or type: imdbsent predict --model {store.DEFAULT_MODEL} TEXT"
    with install.downloaded(address, sha256, progress, next_step) as archive:
        try:
            return install.install_archive(archive, address, replace=True, expected=name)
        except ModelsUnwritable as error:
            raise DownloadFailed(address, f"cannot install it: {error.reason}", next_step) from error
