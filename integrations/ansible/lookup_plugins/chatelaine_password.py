# {{ lookup('chatelaine_password', 'user1', format='sha512crypt') }}

from __future__ import annotations

import os
import sys

from ansible.errors import AnsibleError, AnsibleOptionsError
from ansible.plugins.lookup import LookupBase

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "module_utils"))
try:
    from chatelaine import ChatelaineError, Server
finally:
    sys.path.pop(0)

DOCUMENTATION = """
name: chatelaine_password
short_description: a password of a Chatelaine server in a format
description:
  - Gives what is stored of a key in one format. What is not stored yet is made, unless O(create) is false; from then on it is
    always the same.
options:
  _terms:
    description: the names of the passwords
    required: true
  format:
    description: V(plain), or a format such as V(sha512crypt)
    default: plain
    type: str
  create:
    description: whether what is not stored is made; otherwise it is an error
    default: true
    type: bool
  render:
    description: a part of the value, such as V(pubonly) of an V(sshkey)
    type: str
  options:
    description: for a new password, such as C(length), C(charset), C(profiles), and those of the format
    default: {}
    type: dict
  server:
    description: address of the server
    type: str
    required: true
    vars: [{name: chatelaine_server}]
    env: [{name: CHATELAINE_SERVER}]
    ini: [{section: chatelaine, key: server}]
  token_file:
    description: a file with a token
    type: path
    required: true
    vars: [{name: chatelaine_token_file}]
    env: [{name: CHATELAINE_TOKEN_FILE}]
    ini: [{section: chatelaine, key: token_file}]
  ca_file:
    description: certificates that are trusted instead of those of the system
    type: path
    vars: [{name: chatelaine_ca_file}]
    env: [{name: CHATELAINE_CA_FILE}]
    ini: [{section: chatelaine, key: ca_file}]
  fingerprint:
    description: SHA-256 of the server's certificate, if it signs itself
    type: str
    vars: [{name: chatelaine_fingerprint}]
    env: [{name: CHATELAINE_FINGERPRINT}]
    ini: [{section: chatelaine, key: fingerprint}]
"""

EXAMPLES = """
- ansible.builtin.user:
    name: user1
    password: "{{ lookup('chatelaine_password', 'user1', format='sha512crypt') }}"
"""

RETURN = """
_raw:
  description: the values
  type: list
  elements: str
"""


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        option = self.get_option
        try:
            server = Server(option("server"), option("token_file"), option("ca_file"), option("fingerprint"))
            return [self._one(server, term) for term in terms]
        except ChatelaineError as error:
            raise AnsibleError(f"chatelaine_password: {error}") from error

    def _one(self, server, key):
        if not isinstance(key, str) or key == "":
            raise AnsibleOptionsError("chatelaine_password: the name of a password is a text")
        fmt, render = self.get_option("format"), self.get_option("render")
        if self.get_option("create"):
            return server.create(key, fmt, self.get_option("options"), render)[0]
        value = server.get(key, fmt, render)
        if value is None:
            raise AnsibleError(f"chatelaine_password: no password is stored for key={key}, format={fmt}")
        return value
