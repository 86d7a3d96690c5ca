# The password operations of Chatelaine's HTTP API, for the lookup and the module beside this file.

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import uuid
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlencode, urlsplit

PATIENCE_SECONDS = 120


class ChatelaineError(Exception):
    """The server cannot be asked, or said no; `code` is then the stable code of the refusal."""

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code


class Server:
    """A server, by its address, a token in a file, and what its certificate is known by."""

    def __init__(self, url, token_file, ca_file=None, fingerprint=None):
        self._parts = urlsplit(url or "")
        loopback = self._parts.hostname in ("localhost", "::1") or (self._parts.hostname or "").startswith("127.")
        if self._parts.scheme != "https" and not (self._parts.scheme == "http" and loopback):
            raise ChatelaineError("server is no address such as https://keys.example.org:8443")
        if not token_file:
            raise ChatelaineError("token_file is missing")
        try:
            with open(token_file, "r", encoding="ascii") as file:
                self._token = file.read().strip()
        except OSError as error:
            raise ChatelaineError(f"token_file {token_file} cannot be read: {error.strerror}") from error
        self._ca_file = ca_file
        self._fingerprint = fingerprint.upper() if fingerprint else None

    def get(self, key, fmt, render=None):
        """What is stored, or None."""
        query = "?" + urlencode({"render": render}) if render else ""
        try:
            return _value(self._ask("GET", _path(key, fmt) + query))
        except ChatelaineError as error:
            if error.code == "not-found":
                return None
            raise

    def create(self, key, fmt, options, render=None):
        """What is stored, or a new value, and whether it is new."""
        body = {"options": options, **({"render": render} if render else {})}
        answer = self._ask("POST", _path(key, fmt), body)
        return _value(answer), answer["isNew"]

    def reset(self, key, fmt, options, keep_derived, render=None):
        """A new value; None if it is shown once only."""
        body = {
            "options": options,
            "derived": "keep" if keep_derived else "drop",
            **({"render": render} if render else {}),
        }
        return _value(self._ask("POST", _path(key, fmt) + "/reset", body))

    def set(self, key, fmt, value, as_is, options):
        """Stores a value, or what the format makes of it."""
        encoded = base64.b64encode(value.encode()).decode()
        self._ask("PUT", _path(key, fmt), {"value": encoded, "asIs": as_is, "options": options})

    def delete(self, key, fmt=None):
        """Whether it was there."""
        try:
            self._ask("DELETE", _path(key, fmt) if fmt else _path(key))
        except ChatelaineError as error:
            if error.code == "not-found":
                return False
            raise
        return True

    def show(self, key):
        """What is known of a key, or None; never a value."""
        try:
            return self._ask("GET", _path(key))
        except ChatelaineError as error:
            if error.code == "not-found":
                return None
            raise

    def _connect(self):
        host, port = self._parts.hostname, self._parts.port
        if self._parts.scheme == "http":
            return HTTPConnection(host, port or 80, timeout=PATIENCE_SECONDS)
        context = ssl.create_default_context(cafile=self._ca_file)
        if self._fingerprint:
            # Then the certificate itself is compared, before anything is sent.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        connection = HTTPSConnection(host, port or 443, timeout=PATIENCE_SECONDS, context=context)
        connection.connect()
        if self._fingerprint:
            shown = hashlib.sha256(connection.sock.getpeercert(binary_form=True)).hexdigest().upper()
            if ":".join(shown[at : at + 2] for at in range(0, 64, 2)) != self._fingerprint:
                connection.close()
                raise ChatelaineError("the server shows another certificate than that of the fingerprint")
        return connection

    def _ask(self, method, path, body=None):
        headers = {"Authorization": "Bearer " + self._token}
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        try:
            connection = self._connect()
            try:
                connection.request(method, path, body=data, headers=headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
            finally:
                connection.close()
        except (OSError, HTTPException, socket.timeout, ssl.SSLError) as error:
            raise ChatelaineError(f"{self._parts.scheme}://{self._parts.netloc} cannot be asked: {error}") from error
        except ValueError as error:
            raise ChatelaineError("the server answered with no JSON: it is no Chatelaine") from error
        if response.status != 200:
            raise ChatelaineError(f"{answer.get('detail')} ({answer.get('code')})", answer.get("code"))
        return answer


def _path(*parts):
    return "/v1/passwords/" + "/".join(quote(part, safe="") for part in parts)


def _value(answer):
    value = answer.get("value")
    return None if value is None else base64.b64decode(value).decode(errors="surrogateescape")
