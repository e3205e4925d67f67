#!/bin/sh
# Keys and certificates of a provider: keys.sh DIR DOMAIN NAME. An authority, and what it issues: a certificate to sign
# messages with (RFC 6109, 5.5), and one for TLS.
set -eu
mkdir -p "$1"
cd "$1"
usage='keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid'

issue() { # file, subject, further extensions
    openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -subj "$2" -out "$1.csr"
    printf '%s\n%s\n' "$usage" "$3" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile "$1.ext" -out "$1.pem"
}

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj '/C=IT/O=Certificatore di prova' -days 30 -out ca.pem
issue signing "/C=IT/O=$3/CN=Posta Certificata" "extendedKeyUsage=emailProtection
subjectAltName=email:posta-certificata@$2"
issue tls "/CN=mx.$2" "extendedKeyUsage=serverAuth
subjectAltName=DNS:mx.$2"
