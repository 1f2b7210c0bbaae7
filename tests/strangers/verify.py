"""A stranger's verifier: dnsid reads a proof file against a policy with a witness, and refuses what is false.

The one argument is the directory that `run` made.
"""

import base64
import pathlib
import sys
import time

from dnsid.c2sp_tlog import (
    C2spTlogError,
    parse_c2sp_policy_file,
    parse_tlog_proof_v1,
    verify_c2sp_tlog_proof,
)

work = pathlib.Path(sys.argv[1])
ORIGIN = "log.example/acts"


def read(name):
    return (work / name).read_text(encoding="utf-8")


def verify(entry, proof, policy):
    verify_c2sp_tlog_proof(
        entry, proof, parse_c2sp_policy_file(policy), origin=ORIGIN, now_ms=(time.time() + 60) * 1000
    )


def refuse(what, entry, proof, policy):
    try:
        verify(entry, proof, policy)
    except (C2spTlogError, ValueError):
        return 1
    sys.exit(f"strangers: FAILED: dnsid accepts {what}")


proof, cosigned = read("proof"), read("cosigned-proof")
entry = base64.b64decode(parse_tlog_proof_v1(proof).extra[0], validate=True)
verify(entry, proof, read("policy"))
verify(entry, cosigned, read("policy"))
verify(entry, cosigned, read("strict"))

count = refuse("a proof without the quorum", entry, proof, read("strict"))
for place in range(len(entry)):
    mutant = bytearray(entry)
    mutant[place] ^= 1
    count += refuse(f"an entry with byte {place} changed", bytes(mutant), cosigned, read("strict"))
lines = cosigned.split("\n")
for number in range(3, lines.index("")):
    without = "\n".join(lines[:number] + lines[number + 1 :])
    count += refuse(f"a path without hash {number - 2}", entry, without, read("strict"))
    altered = lines[number].swapcase()
    other = "\n".join(lines[:number] + [altered] + lines[number + 1 :])
    count += refuse(f"a path with another hash {number - 2}", entry, other, read("strict"))
size = cosigned.replace("\n1325\n", "\n1324\n")
count += refuse("another size", entry, size, read("strict"))
print(f"strangers: dnsid agrees: a proof against a policy with a witness ({count} mutants refused)")
