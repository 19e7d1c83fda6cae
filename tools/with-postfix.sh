#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/with-postfix.sh COMMAND... - runs the command beside an own Postfix on loopback, on free ports, in a temporary
# folder that goes with it. KONTOR_TEST_SMTP names the folder: ports (starttls, tls, wrong certificate, no TLS), ca.pem,
# box/new (each mail a file), log. It takes mail for test.example from the user crm, password geheim-geheim, alone.
# Postfix starts as root only: without root this is exit 77, which Meson counts as skipped.
set -eu
[ "$(id -u)" = 0 ] || { echo "with-postfix: Postfix needs root" >&2; exit 77; }
command -v postfix >/dev/null || { echo "with-postfix: is postfix installed?" >&2; exit 1; }
dir=$(mktemp -d /tmp/kontor-postfix.XXXXXX)
auth=
end() {
    [ -z "$auth" ] || kill "$auth" 2>/dev/null || true
    postfix -c "$dir/conf" stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM HUP
chmod 755 "$dir"
mkdir "$dir/conf" "$dir/spool" "$dir/lib" "$dir/box"
chown postfix "$dir/lib"
chown nobody "$dir/box"

certificate() { # NAME COMMON_NAME SAN: signed by the authority of NAME
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/$1-ca.key" -out "$dir/$1-ca.pem" -days 2 -subj "/CN=$1 authority" >/dev/null 2>&1
    openssl req -newkey rsa:2048 -nodes -keyout "$dir/$1.key" -out "$dir/$1.csr" -subj "/CN=$2" >/dev/null 2>&1
    printf 'subjectAltName=%s\n' "$3" >"$dir/$1.ext"
    openssl x509 -req -in "$dir/$1.csr" -CA "$dir/$1-ca.pem" -CAkey "$dir/$1-ca.key" -CAcreateserial -days 2 -extfile "$dir/$1.ext" -out "$dir/$1.pem" >/dev/null 2>&1
}
certificate right localhost DNS:localhost,IP:127.0.0.1
certificate wrong mail.evil.example DNS:mail.evil.example
cp "$dir/right-ca.pem" "$dir/ca.pem"
cat "$dir/wrong-ca.pem" "$dir/right-ca.pem" >"$dir/both.pem"

python3 -c '
import socket
s = [socket.socket() for _ in range(5)]
for x in s: x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])' >"$dir/ports"
read -r starttls tls wrong none passwords <"$dir/ports"
python3 tests/mail/auth_stub.py "$passwords" &
auth=$!

cat >"$dir/conf/main.cf" <<EOF
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/lib
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
alias_maps =
virtual_mailbox_domains = test.example
virtual_mailbox_base = $dir
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
virtual_minimum_uid = 1
smtpd_tls_cert_file = $dir/right.pem
smtpd_tls_key_file = $dir/right.key
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:$passwords
smtpd_client_restrictions = permit_sasl_authenticated, reject
smtpd_relay_restrictions = reject_unauth_destination
default_transport = error:no outside mail
maillog_file = $dir/log
maillog_file_prefixes = /tmp
EOF
cat >"$dir/conf/master.cf" <<EOF
127.0.0.1:$starttls inet n - n - - smtpd
127.0.0.1:$tls inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:$wrong inet n - n - - smtpd -o smtpd_tls_cert_file=$dir/wrong.pem -o smtpd_tls_key_file=$dir/wrong.key
127.0.0.1:$none inet n - n - - smtpd -o smtpd_tls_security_level=none
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
EOF
postfix -c "$dir/conf" start >"$dir/start" 2>&1 || { cat "$dir/start" "$dir/log" >&2; exit 1; }
export KONTOR_TEST_SMTP="$dir"
rc=0
"$@" || rc=$?
[ $rc = 0 ] || tail -40 "$dir/log" >&2
exit $rc
