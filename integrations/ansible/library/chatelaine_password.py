#!/usr/bin/python
# A task that makes, sets, resets or deletes a password of a Chatelaine server.

from __future__ import annotations

DOCUMENTATION = """
module: chatelaine_password
short_description: make, set, reset or delete a password of a Chatelaine server
description:
  - Runs where it can reach the server, usually with C(delegate_to) V(localhost), so that the token stays there.
options:
  key: {description: the name of the password, type: str, required: true}
  format: {description: V(plain) or a format, type: str, default: plain}
  state:
    description:
      - V(present) makes what is not stored, or stores O(value).
      - V(reset) makes it anew, in every run.
      - V(absent) deletes the format; V(key_absent) the key with all its formats.
    type: str
    choices: [present, reset, absent, key_absent]
    default: present
  value: {description: a password to store instead of a new one, type: str}
  as_is: {description: O(value) is a value of that format already, type: bool, default: false}
  keep_derived: {description: with V(reset) of V(plain) the other formats stay, type: bool, default: false}
  options: {description: for a new password, type: dict, default: {}}
  render: {description: a part of the value, type: str}
  server: {description: address of the server, type: str, required: true}
  token_file: {description: a file with a token, type: path, required: true}
  ca_file: {description: certificates that are trusted instead of those of the system, type: path}
  fingerprint: {description: SHA-256 of the server's certificate if it signs itself, type: str}
"""

EXAMPLES = """
- chatelaine_password:
    key: mail/postmaster
    format: sha512crypt
    server: https://keys.example.org:8443
    token_file: ~/.chatelaine-token
  delegate_to: localhost
  register: postmaster
  no_log: true
"""

RETURN = """
value: {description: what is stored now, type: str, returned: state is present or reset}
"""

from ansible.module_utils.basic import AnsibleModule  # noqa: E402
from ansible.module_utils.chatelaine import ChatelaineError, Server  # noqa: E402


def present(server, params, check_mode):
    key, fmt, render, value = params["key"], params["format"], params["render"], params["value"]
    if value is None:
        stored = server.get(key, fmt, render)
        if stored is not None or check_mode:
            return stored is None, stored
        stored, is_new = server.create(key, fmt, params["options"], render)
        return is_new, stored
    # Of a password that is hashed nothing can be compared: a hash that is stored is left alone.
    stored = server.get(key, fmt)
    compares = fmt == "plain" or params["as_is"]
    if stored is not None and (not compares or stored == value):
        return False, stored
    if not check_mode:
        server.set(key, fmt, value, params["as_is"], params["options"])
        stored = server.get(key, fmt, render)
    return True, stored


def run(server, params, check_mode):
    key, fmt, state = params["key"], params["format"], params["state"]
    if state == "present":
        return present(server, params, check_mode)
    if state == "reset":
        if check_mode:
            return True, None
        return True, server.reset(key, fmt, params["options"], params["keep_derived"], params["render"])
    wanted = fmt if state == "absent" else None
    if check_mode:
        known = server.show(key)
        return known is not None and (wanted is None or wanted in known["formats"]), None
    return server.delete(key, wanted), None


def main():
    module = AnsibleModule(
        argument_spec={
            "key": {"type": "str", "required": True, "no_log": False},
            "format": {"type": "str", "default": "plain"},
            "state": {"type": "str", "default": "present", "choices": ["present", "reset", "absent", "key_absent"]},
            "value": {"type": "str", "no_log": True},
            "as_is": {"type": "bool", "default": False},
            "keep_derived": {"type": "bool", "default": False},
            "options": {"type": "dict", "default": {}},
            "render": {"type": "str"},
            "server": {"type": "str", "required": True},
            "token_file": {"type": "path", "required": True, "no_log": False},
            "ca_file": {"type": "path"},
            "fingerprint": {"type": "str"},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        server = Server(params["server"], params["token_file"], params["ca_file"], params["fingerprint"])
        changed, value = run(server, params, module.check_mode)
    except ChatelaineError as error:
        module.fail_json(msg=str(error), code=error.code)
    else:
        module.exit_json(changed=changed, **({} if value is None else {"value": value}))


if __name__ == "__main__":
    main()
