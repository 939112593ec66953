#!/bin/sh
# SPDX-License-Identifier: MIT
# sbom.sh DEB COMPILER: what is in a package of ours, and what it was made with and needs, as SPDX 2.3 in
# JSON, to standard output. The same package gives the same text.
set -eu
export LC_ALL=C TZ=UTC

deb=$1
compiler=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
dpkg-deb -x "$deb" "$root"

field() { dpkg-deb -f "$deb" "$1"; }
sum() { sha256sum "$1" | cut -d' ' -f1; }

version=$(field Version)
arch=$(field Architecture)
file=${deb##*/}
hash=$(sum "$deb")
created=$(date -d "@$(dpkg-parsechangelog -l "$(dirname "$0")/changelog" -S Timestamp)" +%Y-%m-%dT%H:%M:%SZ)
# As section 7.9 has it: the sum of the sums of all files, in order.
code=$(find "$root" -type f -exec sha1sum {} + | cut -d' ' -f1 | sort | tr -d '\n' | sha1sum | cut -d' ' -f1)
needs=$(field Depends | tr ',' '\n' | sed 's/^ *//')

# package ID NAME VERSION PURL LICENSE: one that is not looked into.
package() {
	cat <<END
    {
      "SPDXID": "SPDXRef-$1",
      "name": "$2",
      "versionInfo": "$3",
      "downloadLocation": "NOASSERTION",
      "filesAnalyzed": false,
      "licenseConcluded": "NOASSERTION",
      "licenseDeclared": "$5",
      "copyrightText": "NOASSERTION",
      "externalRefs": [
        { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "$4" }
      ]
    }
END
}

relation() { printf '    { "spdxElementId": "SPDXRef-%s", "relationshipType": "%s", "relatedSpdxElement": "SPDXRef-%s" }' "$@"; }

cat <<END
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "${file%.deb}",
  "documentNamespace": "https://spdx.org/spdxdocs/${file%.deb}-$hash",
  "creationInfo": {
    "created": "$created",
    "creators": [ "Organization: The redial authors", "Tool: redial-sbom-$version" ]
  },
  "packages": [
    {
      "SPDXID": "SPDXRef-redial",
      "name": "redial",
      "versionInfo": "$version",
      "packageFileName": "$file",
      "supplier": "Organization: The redial authors",
      "downloadLocation": "NOASSERTION",
      "filesAnalyzed": true,
      "packageVerificationCode": { "packageVerificationCodeValue": "$code" },
      "checksums": [ { "algorithm": "SHA256", "checksumValue": "$hash" } ],
      "licenseConcluded": "MIT",
      "licenseDeclared": "MIT",
      "licenseInfoFromFiles": [ "MIT" ],
      "copyrightText": "$(sed -n 's/^Copyright: /Copyright /p' "$root/usr/share/doc/redial/copyright")",
      "externalRefs": [
        { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/redial@$version?arch=$arch" }
      ]
    },
END
echo "$needs" | while read -r name rest; do
	least=$(echo "$rest" | sed -n 's/(>= \(.*\))/\1 or later/p')
	package "$name" "$name" "${least:-any}" "pkg:deb/debian/$name?arch=$arch" LGPL-2.1-or-later
	echo "    ,"
done
package compiler gcc "$("$compiler" -dumpfullversion)" \
	"pkg:generic/gcc@$("$compiler" -dumpfullversion)" "GPL-3.0-or-later WITH GCC-exception-3.1"
cat <<END
  ],
  "files": [
END
number=0
between=
(cd "$root" && find . -type f | sort) | while read -r name; do
	number=$((number + 1))
	printf '%s' "$between"
	cat <<END
    {
      "SPDXID": "SPDXRef-File-$number",
      "fileName": "$name",
      "checksums": [
        { "algorithm": "SHA1", "checksumValue": "$(sha1sum "$root/$name" | cut -d' ' -f1)" },
        { "algorithm": "SHA256", "checksumValue": "$(sum "$root/$name")" }
      ],
      "licenseConcluded": "MIT",
      "licenseInfoInFiles": [ "MIT" ],
      "copyrightText": "NOASSERTION"
    }
END
	between='    ,
'
done
cat <<END
  ],
  "relationships": [
$(relation DOCUMENT DESCRIBES redial),
END
echo "$needs" | while read -r name _; do
	relation redial DEPENDS_ON "$name"
	echo ,
done
find "$root" -type f | awk '{ printf "    { \"spdxElementId\": \"SPDXRef-redial\", \"relationshipType\": \"CONTAINS\", " \
	"\"relatedSpdxElement\": \"SPDXRef-File-%d\" },\n", NR }'
relation compiler BUILD_TOOL_OF redial
cat <<END

  ]
}
END
