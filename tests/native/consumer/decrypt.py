"""``python decrypt.py KEY``: decrypts what it reads, a nonce of 12 bytes and what AES-GCM made with
the key (hexadecimal), and writes that; fails where the key or any byte is another one."""

from __future__ import annotations

import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

content = sys.stdin.buffer.read()
key = AESGCM(bytes.fromhex(sys.argv[1]))
sys.stdout.buffer.write(key.decrypt(content[:12], content[12:], None))
