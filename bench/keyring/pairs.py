"""Secrets set and got a second of processor time through Debian's python3-keyutils, by the calls that the Python backend makes.

usage: python3 pairs.py SIZE SECONDS
"""

import sys
import time

import keyutils

RING = b"python-keyring-keyutils"
SESSION = keyutils.KEY_SPEC_SESSION_KEYRING


def find_ring():
    return keyutils.search(SESSION, RING, 0, b"keyring")


def set_secret(service, user, secret):
    keyutils.add_key(("%s:%s" % (service, user)).encode(), secret, find_ring())


def get_secret(service, user):
    return keyutils.read_key(keyutils.search(find_ring(), ("%s:%s" % (service, user)).encode()))


def main():
    size, seconds = int(sys.argv[1]), float(sys.argv[2])
    secret = b"x" * size
    pairs = 0
    end = time.perf_counter() + seconds
    start = time.process_time()
    while time.perf_counter() < end:
        for _ in range(100):
            set_secret("bench", "python", secret)
            if get_secret("bench", "python") != secret:
                sys.exit("a secret came back changed")
        pairs += 100
    print(pairs / (time.process_time() - start))


main()
