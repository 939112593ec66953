# SPDX-License-Identifier: MIT
"""spdx.py JSON DEB FOLDER: says what is wrong with an SPDX document of a package that was unpacked to
FOLDER: by SPDX 2.3, and by what is in the package."""
import hashlib
import json
import os
import re
import sys

with open(sys.argv[1], encoding="utf-8") as text:
    document = json.load(text)
deb, folder = sys.argv[2:]


def wrong(what):
    print(what)


def digest(path, algorithm):
    with open(path, "rb") as file:
        return hashlib.new(algorithm, file.read()).hexdigest()


def needs(thing, what, *fields):
    for field in fields:
        if field not in thing:
            wrong(f"{what} lacks {field}")


needs(document, "the document", "spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo")
if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"]):
    wrong("created is no time")
ids = [document["SPDXID"]] + [thing["SPDXID"] for thing in document["packages"] + document["files"]]
for one in ids:
    if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) or ids.count(one) > 1:
        wrong(f"the id {one}")
for package in document["packages"]:
    needs(package, package["name"], "versionInfo", "downloadLocation", "licenseDeclared", "copyrightText")
for relation in document["relationships"]:
    for end in (relation["spdxElementId"], relation["relatedSpdxElement"]):
        if end not in ids:
            wrong(f"a relationship with {end}, which is not there")

ours = document["packages"][0]
if ours["checksums"][0]["checksumValue"] != digest(deb, "sha256"):
    wrong("the sum of the package")
there = {os.path.join(at, name) for at, _, names in os.walk(folder) for name in names}
there = {path for path in there if not os.path.islink(path)}
told = {os.path.join(folder, file["fileName"].removeprefix("./")): file for file in document["files"]}
for path in there ^ told.keys():
    wrong(f"{path} is in one of both only")
for path in there & told.keys():
    for sum_of in told[path]["checksums"]:
        if digest(path, sum_of["algorithm"].lower()) != sum_of["checksumValue"]:
            wrong(f"the {sum_of['algorithm']} of {path}")
code = hashlib.sha1("".join(sorted(digest(path, "sha1") for path in there)).encode()).hexdigest()
if code != ours["packageVerificationCode"]["packageVerificationCodeValue"]:
    wrong("the verification code")
contained = {r["relatedSpdxElement"] for r in document["relationships"] if r["relationshipType"] == "CONTAINS"}
if contained != {file["SPDXID"] for file in document["files"]}:
    wrong("not every file is contained")
