# Before each step of curl.steps: api METHOD PATH [OPTION...] is one request over the unix socket, tls CLIENT METHOD PATH one
# over HTTPS. Both print status, headers and body. op METHOD PATH prints what one came to, with its operation.
api() { m=$1; p=$2; shift 2; curl -s -i --unix-socket "$SOCK" -X "$m" "http://lxd$p" "$@"; }
tls() { c=$1; m=$2; p=$3; shift 3; curl -s -i -k --cert "client$c.crt" --key "client$c.key" -X "$m" "https://$ADDR$p" "$@"; }
nobody() { m=$1; p=$2; shift 2; curl -s -i -k -X "$m" "https://$ADDR$p" "$@"; }
op() { echo OUTCOME; api "$@" >answer; w=$(grep -o '"operation":"[^"?]*' answer | head -n 1 | cut -d'"' -f4); if [ -n "$w" ]; then api GET "$w/wait"; else cat answer; fi; }
etag() { api GET "$1" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p'; }
