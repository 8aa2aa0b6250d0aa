# An office LAN in namespaces of its own: a multi-function machine that announces itself (avahi), a Windows PC (wsdd), a gateway PC with CUPS and two
# queues. Prints outcomes of the real agent, one per line: discover, device-discovery, office-devices before and after a queue was stopped.
# Called as: unshare --net --pid --fork --kill-child --mount-proc sh office-lan.sh FOLDER NODE
set -e
folder=$1
node=$2
. test/lab/namespace.sh
chmod 755 "$folder"
# avahi keeps its pid at one fixed place and refuses to start where another run's pid is in use.
mkdir -p /run/avahi-daemon
mount -t tmpfs tmpfs /run/avahi-daemon
ip link set lo up
ip link add lan0 type veth peer name lan1
ip addr add 10.88.0.1/24 dev lan0
ip link set lan0 up
ip link set lan1 up
# A host with one address in a namespace of its own, running what stands behind the address.
host() {
  address=$1
  shift
  unshare --net sh -c 'until ip link set eth0 up 2>/dev/null; do sleep 0.05; done; ip link set lo up; ip addr add '"$address"'/24 dev eth0; exec "$@"' sh "$@" >>"$folder/hosts.log" 2>&1 &
  inside=$!
  ip link add eth0 link lan1 type macvlan mode bridge
  await_namespace "$inside"
  ip link set eth0 netns "$inside"
}
cat >"$folder/mfp.sh" <<MFP
dbus-daemon --session --nofork --address=unix:path=$folder/bus &
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$folder/bus
until dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId >/dev/null 2>&1; do sleep 0.05; done
printf '[server]\nuse-ipv6=no\nallow-interfaces=eth0\n[wide-area]\nenable-wide-area=no\n[publish]\npublish-workstation=no\n' >$folder/avahi.conf
avahi-daemon -f $folder/avahi.conf --no-drop-root --no-chroot --no-rlimits >$folder/avahi.log 2>&1 &
until avahi-publish -s 'Canon MF264' _ipp._tcp 631 'ty=Canon MF264' rp=ipp/print uuid=6d4ff0ce-6b11; do sleep 0.2; done &
until avahi-publish -s 'Canon MF264' _uscan._tcp 80 'ty=Canon MF264' rs=eSCL uuid=6d4ff0ce-6b11; do sleep 0.2; done
MFP
host 10.88.0.20 sh "$folder/mfp.sh"
host 10.88.0.31 wsdd -i eth0 -4 -n PC-01 -w HCC

for name in spool/tmp cache state log ssl bin/backend; do mkdir -p "$folder/cups/$name"; done
# What carries pages to a printer is no part of this: a queue may name what has a program here, and none of them is ever run.
ln -s /usr/lib/cups/daemon "$folder/cups/bin/daemon"
for scheme in usb parallel socket; do ln -s /bin/true "$folder/cups/bin/backend/$scheme"; done
{
  for pair in ServerRoot= RequestRoot=/spool TempDir=/spool/tmp CacheDir=/cache StateDir=/state ServerKeychain=/ssl AccessLog=/log/access ErrorLog=/log/error PageLog=/log/page; do
    echo "${pair%%=*} $folder/cups${pair#*=}"
  done
  printf 'ServerBin %s/cups/bin\nDataDir /usr/share/cups\nUser lp\nGroup lp\nSystemGroup lpadmin\n' "$folder"
} >"$folder/cups/cups-files.conf"
printf 'Listen 127.0.0.1:631\nBrowsing No\nDefaultAuthType None\n<Location />\nAllow all\n</Location>\n<Policy default>\n<Limit All>\nAllow all\n</Limit>\n</Policy>\n' >"$folder/cups/cupsd.conf"
chmod -R a+rwX "$folder/cups"
cupsd -f -c "$folder/cups/cupsd.conf" -s "$folder/cups/cups-files.conf" >"$folder/cupsd.log" 2>&1 &
tries=0
until lpadmin -h 127.0.0.1:631 -p May_in_roi -E -v 'usb://Canon/LBP2900?serial=0000A1' -m raw 2>>"$folder/cupsd.log"; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ]
  sleep 0.1
done
lpadmin -h 127.0.0.1:631 -p May_in_song_song -E -v parallel:/dev/lp0 -m raw 2>/dev/null
lpadmin -h 127.0.0.1:631 -p May_in_mang -E -v socket://10.88.0.20:9100 -m raw 2>/dev/null

tries=0
until [ "$(grep -c Established "$folder/hosts.log")" -ge 2 ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 200 ]
  sleep 0.1
done
agent() { "$node" --import ./compile-cache.js agent/main.ts "$@" --json; }
office() { agent probe office-devices --options '{"address":"10.88.0.31","id":"pc-1","role":"officer-pc","spooler":true}'; }
agent discover
agent probe device-discovery --options '{"networks":["10.88.0.0/24"],"targets":[{"id":"pc-1","address":"10.88.0.31"},{"id":"mfp-1","address":"10.88.0.20"}]}'
office
cupsdisable -h 127.0.0.1:631 May_in_song_song
office
