#!/bin/sh
# Watches the collector from another machine: cron runs it every five minutes and mails what it prints. It prints when the state has changed, so a
# night without the collector is two mails: gone, and back. Not ready once is nothing: a new start takes a moment.
#
#   MAILTO=truc-cntt@example.vn
#   */5 * * * * hcc /opt/hcc-watch/deploy/linux/watch-collector.sh https://giam-sat.example.vn
set -u
url=${1:?"usage: watch-collector.sh URL-OF-THE-COLLECTOR [STATE-FILE]"}
state=${2:-${XDG_STATE_HOME:-$HOME}/.hcc-watch-collector}

before=$(cat "$state" 2>/dev/null || echo ready)
if reply=$(curl --silent --show-error --max-time 20 --max-filesize 65536 --write-out '\n%{http_code}' "$url/health/ready" 2>&1); then
  status=$(printf '%s' "$reply" | tail -n 1)
else
  status=000
fi

case "$status $before" in
  "200 ready") now=ready ;;
  "200 once") now=ready ;;
  "200 "*) now=ready; echo "hcc-watch: the collector at $url is ready again" ;;
  *" ready") now=once ;;
  *" once") now=gone; printf 'hcc-watch: the collector at %s is not ready:\n%s\n' "$url" "$reply" ;;
  *) now=gone ;;
esac
echo "$now" > "$state"
