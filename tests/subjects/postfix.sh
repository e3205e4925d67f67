#!/bin/sh
# An ordinary mail system: Postfix, which fills Maildirs, with Dovecot for logins and IMAP, in a folder of its own. As root.
#
#   postfix.sh start DIR DOMAIN SUBMISSION RELAY IMAP [DOMAIN=PORT ...]
#   postfix.sh stop DIR
#
# DIR has the keys of keys.sh, and `users`: a name and a password on each line. What follows the ports says where other
# providers are. A message is tried once, and bounces: what waits would turn up in another scenario.
set -eu

stop() {
    postfix -c "$1/postfix" stop || true
    dovecot -c "$1/dovecot.conf" stop || true
}

configure_postfix() { # dir, domain, submission, relay
    mkdir -p "$1/postfix" "$1/queue" "$1/data"
    chown postfix "$1/data"
    cat >"$1/postfix/main.cf" <<END
compatibility_level = 3.6
queue_directory = $1/queue
data_directory = $1/data
maillog_file = $1/postfix.log
maillog_file_prefixes = $1
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.$2
mydestination =
virtual_mailbox_domains = $2
virtual_mailbox_maps = texthash:$1/postfix/mailboxes
virtual_mailbox_base = $1/mail
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
transport_maps = texthash:$1/postfix/routes
message_size_limit = 31000000
maximal_queue_lifetime = 0
bounce_queue_lifetime = 0
smtp_tls_security_level = encrypt
smtp_tls_CAfile = $1/ca.pem
smtpd_tls_security_level = may
smtpd_tls_cert_file = $1/tls.pem
smtpd_tls_key_file = $1/tls.key
smtpd_sasl_type = dovecot
smtpd_sasl_path = $1/run/postfix
smtpd_tls_auth_only = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
END
    cat >"$1/postfix/master.cf" <<END
127.0.0.1:$4 inet n - n - - smtpd
127.0.0.1:$3 inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
END
}

configure_dovecot() { # dir, imap
    mkdir -p "$1/run" "$1/state"
    cat >"$1/dovecot.conf" <<END
protocols = imap
listen = 127.0.0.1
base_dir = $1/run
state_dir = $1/state
log_path = $1/dovecot.log
ssl = required
ssl_cert = <$1/tls.pem
ssl_key = <$1/tls.key
mail_location = maildir:$1/mail/%n
mail_max_userip_connections = 100
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = scheme=PLAIN $1/passwords
}
userdb {
  driver = static
  args = uid=nobody gid=$(id -gn nobody) home=$1/mail/%n
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = $2
    ssl = yes
  }
}
service auth {
  unix_listener postfix {
    user = postfix
    mode = 0600
  }
}
END
}

start() { # dir, domain, submission, relay, imap, routes
    configure_postfix "$@"
    configure_dovecot "$1" "$5"
    while read -r user password; do
        echo "$user@$2 $user/" >>"$1/postfix/mailboxes"
        echo "$user@$2:$password" >>"$1/passwords"
    done <"$1/users"
    mkdir "$1/mail"
    chown nobody "$1/mail"
    chmod 755 "$1"
    dir=$1
    shift 5
    for route in "$@"; do
        echo "${route%=*} smtp:[127.0.0.1]:${route#*=}" >>"$dir/postfix/routes"
    done
    # Whoever waits for the end of this script's output must not wait for that of the servers.
    dovecot -c "$dir/dovecot.conf" >"$dir/start.log" 2>&1
    postfix -c "$dir/postfix" start >>"$dir/start.log" 2>&1
}

verb=$1
shift
"$verb" "$@"
