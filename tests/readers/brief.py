"""Holds the hashes of brief delivery receipts against sha1sum.

Takes a folder with pairs NAME.receipt.eml and NAME.original.eml (CRLF); prints one JSON object: how many hashes each
receipt has that are sha1sum's of the part as it was transferred, and those that are not. Needs sha1sum.
"""

import email
import email.policy
import json
import pathlib
import subprocess
import sys

AS_IT_IS = email.policy.compat32.clone(linesep="\r\n", max_line_length=0, mangle_from_=False)


def content(part):
    """The part's content as it was transferred, encoded where it was encoded."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"".join(each.as_bytes(policy=AS_IT_IS) for each in payload)
    return payload.encode("ascii", "surrogateescape")


def sha1sum(octets):
    said = subprocess.run(["sha1sum"], input=octets, capture_output=True, check=True)
    return said.stdout.split()[0].decode()


def compare(original, brief, found):
    name = brief.get_filename() or ""
    if name.endswith(".hash"):
        told = brief.get_payload(decode=True).decode().strip()
        found["agree" if told == sha1sum(content(original)) else "differ"].append(name)
    elif original.get_content_maintype() == "multipart":
        for one, other in zip(original.get_payload(), brief.get_payload(), strict=True):
            compare(one, other, found)


def enclosed(receipt):
    parts = [part for part in receipt.walk() if part.get_filename() == "postacert.eml"]
    return parts[0].get_payload()[0]


results = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.receipt.eml")):
    name = path.name.removesuffix(".receipt.eml")
    receipt = email.message_from_bytes(path.read_bytes())
    original = email.message_from_bytes(path.with_name(f"{name}.original.eml").read_bytes())
    found = {"agree": [], "differ": []}
    compare(original, enclosed(receipt), found)
    results[name] = found
print(json.dumps(results))
