#!/bin/sh
# Makes the test certificates and the signed test index anew: fixed dates and serials, keys kept where they are there.
# The keys are for tests alone. Needs openssl 3 and a POSIX shell; run it in this folder.
set -eu
from=20250101000000Z
to=20450101000000Z
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for name in authority alfa beta; do
    [ -f "$name.key.pem" ] || openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$name.key.pem"
done

cat > "$work/ca.cnf" <<END
[ca]
default_ca = test
[test]
database = $work/index.txt
serial = $work/serial
new_certs_dir = $work
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = optional
commonName = supplied
[list]
authorityKeyIdentifier = keyid
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[alfa]
keyUsage = critical, digitalSignature
extendedKeyUsage = emailProtection
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = email:posta-certificata@alfa.test
[beta]
keyUsage = critical, digitalSignature
extendedKeyUsage = emailProtection
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = email:posta-certificata@beta.test
END
: > "$work/index.txt"
echo 01 > "$work/serial"

issue() {
    openssl req -new -key "$1.key.pem" -subj "$2" -out "$work/$1.csr"
    shift_to="$1"
    shift 2
    openssl ca -batch -notext -config "$work/ca.cnf" -extensions "$shift_to" -startdate $from -enddate $to \
        -in "$work/$shift_to.csr" -out "$shift_to.crt.pem" "$@" 2>/dev/null
}
issue authority "/O=Collaudo/CN=Autorita di prova" -selfsign -keyfile authority.key.pem
issue alfa "/O=Gestore Alfa S.p.A./CN=Gestore Alfa S.p.A." -cert authority.crt.pem -keyfile authority.key.pem
issue beta "/O=Gestore Beta S.p.A./CN=Gestore Beta S.p.A." -cert authority.crt.pem -keyfile authority.key.pem

record() {
    openssl x509 -in "$1.crt.pem" -outform DER -out "$work/$1.der"
    printf 'dn: providerName=%s,o=postacert\nobjectclass: top\nobjectclass: provider\nproviderName: %s\n' "$2" "$2"
    printf 'providerCertificateHash: %s\n' "$(openssl dgst -sha1 -r "$work/$1.der" | cut -c1-40)"
    printf 'providerCertificate;binary:: %s\n' "$(base64 -w0 < "$work/$1.der")"
    printf 'mailReceipt: ricevute@%s\nLDIFLocationURL: https://%s/ldif.p7m\nmanagedDomains: %s\n\n' "$3" "$3" "$3"
}
{
    printf 'version: 1\n\ndn: o=postacert\nobjectclass: top\nobjectclass: organization\n'
    printf 'objectClass: LDIFLocationURLObject\no: postacert\nLDIFLocationURL: https://indice.test/indice.ldif.p7m\n\n'
    record alfa "Gestore Alfa S.p.A." alfa.test
    record beta "Gestore Beta S.p.A." beta.test
} > "$work/index.ldif"
openssl cms -sign -binary -nodetach -nosmimecap -md sha256 -outform DER -in "$work/index.ldif" \
    -signer authority.crt.pem -inkey authority.key.pem -out index.ldif.p7m

# Lists of revoked certificates: the first names nobody, the second, an hour younger, names beta.
list() {
    openssl ca -gencrl -crlexts list -config "$work/ca.cnf" -cert authority.crt.pem -keyfile authority.key.pem \
        -crl_lastupdate "$1" -crl_nextupdate 20440101000000Z 2>/dev/null | openssl crl -outform DER -out "$2"
}
list 20260302090000Z nobody.crl
openssl ca -config "$work/ca.cnf" -cert authority.crt.pem -keyfile authority.key.pem -revoke beta.crt.pem 2>/dev/null
list 20260302100000Z beta.crl
