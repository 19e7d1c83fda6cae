#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/ldap/slapd.sh DIR PORT TLSPORT: a directory of the tests on loopback, everything in DIR; becomes slapd. Its certificate
# (DIR/ca.pem) is for 127.0.0.1, not for any name, or for what SLAPD_NAMES says. The machine's own slapd, if there is one, is left alone.
set -eu
d=$1 port=$2 tls=$3
export PATH=$PATH:/usr/sbin
mkdir -p "$d/db"
cd "$d"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Test-CA -keyout ca.key -out ca.pem 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=slapd -keyout key.pem -out req.pem 2>/dev/null
echo "subjectAltName=${SLAPD_NAMES:-IP:127.0.0.1}" >ext
openssl x509 -req -in req.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem 2>/dev/null
cat >slapd.conf <<EOF
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb.la
moduleload memberof.la
TLSCACertificateFile $d/ca.pem
TLSCertificateFile $d/cert.pem
TLSCertificateKeyFile $d/key.pem
pidfile $d/slapd.pid
database mdb
suffix dc=firm,dc=lan
directory $d/db
rootdn cn=root,dc=firm,dc=lan
rootpw root-password
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,dc=firm,dc=lan" read by users read by * none
EOF
exec slapd -d 0 -f slapd.conf -h "ldap://127.0.0.1:$port ldaps://127.0.0.1:$tls"
