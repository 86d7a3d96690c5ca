"""A backend of python-keyring: passwords in the keyring of the Linux kernel, under Chatelaine's lock.

It runs the command ``chatelaine``, which has all the cryptography. A password goes through pipes, never through an argument or the
environment. Works with python-keyring 23 and later.
"""

import json
import os
import shutil
import subprocess

from keyring import credentials, errors
from keyring.backend import KeyringBackend

__all__ = ["ChatelaineKeyring"]

# The exit codes of the command that mean something here.
_DONE = 0
_ABSENT = 1
_LOCKED = 3


class _Priority:
    """A property of the class. python-keyring has moved its own one about."""

    def __get__(self, instance, owner):
        return owner._priority()


def _material_path():
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(config, "chatelaine", "keyring.material")


class ChatelaineKeyring(KeyringBackend):
    """Secrets that everybody in the login may add, and nobody can read while it is locked."""

    #: The command, which a property of the environment (KEYRING_PROPERTY_COMMAND) may replace.
    command = "chatelaine"

    priority = _Priority()

    @classmethod
    def _priority(cls):
        """Above the stores of a desktop, since somebody has made this one on purpose; not viable until then."""
        if shutil.which(cls.command) is None:
            raise RuntimeError("the command chatelaine is not on the path")
        if not os.path.exists(_material_path()):
            raise RuntimeError("there is no keyring with a lock: chatelaine keyring init --sealed")
        return 6

    def get_password(self, service, username):
        """The password, or None. Raises KeyringLocked while it is locked."""
        secret = self._run("get", service, username)
        return None if secret is None else secret.decode("utf-8")

    def set_password(self, service, username, password):
        """Keeps a password, also while it is locked."""
        self._run("set", service, username, input=password.encode("utf-8"), error=errors.PasswordSetError)

    def delete_password(self, service, username):
        """Removes a password, also while it is locked."""
        if self._run("del", service, username, error=errors.PasswordDeleteError) is None:
            raise errors.PasswordDeleteError("there is no such password")

    def get_credential(self, service, username):
        """The credential of that user, or of any user of the service."""
        if username is None:
            users = json.loads(self._run("list", service, flags=("--json",)))
            username = users[0] if users else None
        password = None if username is None else self.get_password(service, username)
        return None if password is None else credentials.SimpleCredential(username, password)

    def _run(self, verb, *names, flags=(), input=b"", error=errors.KeyringError):
        """Runs the command; gives what it prints, or None if there is no such entry."""
        arguments = [self.command, "keyring", verb, "--sealed", *flags, "--"]
        arguments += [name.encode("utf-8") for name in names]
        done = subprocess.run(arguments, input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode == _DONE:
            return done.stdout
        if done.returncode == _ABSENT:
            return None
        words = done.stderr.decode("utf-8", "replace").strip()
        raise (errors.KeyringLocked if done.returncode == _LOCKED else error)(words)
