// The configuration that `chatelaine init` writes: every option at its default and explained, so that it can be read
// instead of a manual.

import { open } from 'node:fs/promises';

const text = `# Chatelaine. Every line that begins with "#" shows a default; "chatelaine config check" says what is wrong.

# The one group that the accounts share. It may connect to the keep's socket.
#group = "chatelaine"

[log]
# From the loudest on: "error", "warn", "info", "debug". No secret is in any of them.
#level = "info"

# "stderr" (which systemd takes), or "syslog": facility daemon, on the socket where the log daemon listens.
#target = "stderr"
#socket = "/dev/log"

[keep]
#account = "chatelaine-keep"

# Holds the store, and one key file for each peer.
#directory = "/var/lib/chatelaine/keep"

# Shows when an older store was put back. On another disk, or at least in no backup of the directory above.
#anchor = "/var/lib/chatelaine/anchor/anchor"

# Serial lines to peers on other machines, see docs/serial-line.md: [{ device = "/dev/ttyS0", speed = 115200, flow = "rts-cts" }]
#serial_lines = []

# What the keep does: "machines" (disk passwords), "passwords" (made once, in every format),
# "users" and "sessions" (people who log in from elsewhere), "aes" with "totp", "hotp" and "yubiotp" (one-time codes),
# "ldap" (users whose password a directory keeps). Nothing else is loaded.
#modules = ["machines"]

# Opens the keep at its start; without it, a person does: chatelaine unseal
#unseal_key_file = "/etc/chatelaine/unseal.key"

[ldap]
# In the order in which they are asked: ldaps://, or ldap://, which is encrypted before anything is said.
#servers = ["ldaps://dc1.example.org", "ldap://dc2.example.org"]

# The only authorities whose certificates are believed, PEM.
#ca_file = "/etc/chatelaine/directory-ca.pem"

# One way to the name that is given with a password: a DN, what Active Directory calls a principal, or a search.
#user_dn = "uid={user},ou=people,dc=example,dc=org"
#user_principal = "{user}@example.org"
#search_base = "ou=people,dc=example,dc=org"
#search_filter = "(uid={user})"

# Who searches; its password: chatelaine ldap bind-password
#search_as = "cn=chatelaine,ou=services,dc=example,dc=org"

# For all that is said with one server, and how many users are asked about at once.
#timeout_seconds = 5
#max_checks = 32

[gate]
#account = "chatelaine-gate"
#directory = "/var/lib/chatelaine/gate"

# The serial line at whose other end the keep is; without it, the gate uses the keep's socket. The watch and the courier have it, too.
#serial_line = { device = "/dev/ttyS0", speed = 115200, flow = "rts-cts" }

# How long a request that is under way may take when the gate is stopped.
#drain_seconds = 30

# What the gate speaks. For the HTTP API add "http", then: chatelaine init --complete
# For Yubico's validation protocol at the same addresses add "yubico" too.
#fronts = ["mandos"]

[gate.mandos]
# Where machines ask for their secrets.
#listen = ["[::]:14711"]

# Whether machines find the server by multicast DNS, and under which name. Needs avahi-daemon and avahi-utils.
#announce = false
#service_name = "Mandos"

[gate.http]
# HTTPS.
#listen = ["[::]:8443"]

# HTTP without TLS, on this machine alone, such as behind a proxy: ["127.0.0.1:8080"]
#plain = []

# PEM files that the gate may read; a renewed certificate is taken up by itself. Without them, one that signs itself.
#certificate = "/etc/chatelaine/http.crt"
#key = "/etc/chatelaine/http.key"

# For one token, and for one address without a token that was good before.
#requests_per_second = 10000
#stranger_requests_per_second = 20

# Proxies that are believed where a request comes from: the last word of their X-Forwarded-For.
#proxies = []

# Validation servers of their own for which codes of YubiKeys are opened at /wsapi/decrypt, if the front "yubico" is named.
#decrypt_for = []

# Whether this machine may read /metrics without a token.
#metrics_on_loopback = false

[gate.k2]
# Where "chatelaine k2" joins in, if gate.fronts names "k2"; and who may: "group" or "anyone". Both have to show a token.
#socket = "/run/chatelaine/gate/k2.sock"
#may_connect = "group"

[watch]
#account = "chatelaine-watch"
#directory = "/var/lib/chatelaine/watch"

# Checkers run as this account. Its group must not be the one that may connect to the keep's socket.
#check_account = "chatelaine-check"
#check_group = "chatelaine-check"

# Checkers that run at once; one that takes long gives its place to another.
#max_checkers = 64

[bus]
#account = "chatelaine-bus"
#directory = "/var/lib/chatelaine/bus"

# The message bus on which mandos-ctl and mandos-monitor look for their server.
#address = "unix:path=/run/dbus/system_bus_socket"

# The group whose members may change something over it, besides root. The policy of the bus names it too.
#administrators = "_mandos"

[courier]
#account = "chatelaine-courier"
#directory = "/var/lib/chatelaine/courier"

# How long a notice is tried if nobody takes it.
#give_up_hours = 24

# Kinds of notices: waiting, silent, expired, refused and released are about machines; password-set and password-deleted about
# passwords. None ever carries a secret.

# A program that is started with each notice, as JSON, on its standard input; exit 0 says that it took it.
#[[courier.hooks]]
#command = ["/usr/local/sbin/notify"]
#kinds = ["waiting", "silent", "expired", "refused"]

# An address that gets each notice by POST, signed with HMAC-SHA-256 if there is a secret.
#[[courier.webhooks]]
#url = "https://example.org/chatelaine"
#secret_file = "/etc/chatelaine/webhook.key"
#kinds = ["waiting", "silent", "expired", "refused"]

[admin]
# Whoever can read it administers Chatelaine.
#link_key = "/etc/chatelaine/admin.key"
`;

/** Writes it, 0600, if there is no file; returns whether it did. */
export const writeDefaultConfig = async (path: string): Promise<boolean> => {
  try {
    await using file = await open(path, 'wx', 0o600);
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};
