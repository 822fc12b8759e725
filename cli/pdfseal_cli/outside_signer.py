"""An outside signer as a program of its own: `python -m pdfseal_cli.outside_signer KEY.pem`.

It stands for the phone, the USB key or the signing server: it reads the to-be-signed bytes on
standard input, writes the signature on standard output, and is the only process that opens the
private key. PDFSEAL_SCHEME in its environment names the scheme.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pdfseal import PdfsealError
from pdfseal.adapters.keys import load_private_key
from pdfseal.crypto.schemes import SCHEMES, default_scheme


def main() -> int:
    if len(sys.argv) != 2:
        print(
            "usage: python -m pdfseal_cli.outside_signer KEY.pem < to-be-signed > signature", file=sys.stderr
        )
        return 2
    try:
        signer = load_private_key(Path(sys.argv[1]).read_bytes())
        name = os.environ.get("PDFSEAL_SCHEME")
        scheme = SCHEMES[name] if name else default_scheme(signer.public_key)
        sys.stdout.buffer.write(signer.sign(sys.stdin.buffer.read(), scheme))
    except (OSError, KeyError, PdfsealError) as error:
        print(f"outside signer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
