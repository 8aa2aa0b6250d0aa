# A gateway PC between a LAN cable and a second way out, in a namespace of its own. Behind the cable: a router, a device on its network and one in another
# network of the router's. Prints outcomes of the real probes, one pair per line: all there; both devices off; plug out, address kept; its address gone, too;
# cable in again. Called as: unshare --net --pid --fork --kill-child --mount-proc sh two-ways.sh FOLDER NODE
set -e
folder=$1
node=$2
. test/lab/namespace.sh
ip link set lo up
side() {
  unshare --net sleep 120 &
  inside=$!
  await_namespace "$inside"
  ip link add "$1" type veth peer name "$1-far"
  ip link set "$1-far" netns "$inside"
  nsenter -t "$inside" -n sh -c "ip link set lo up; ip addr add $2 dev $1-far; ip link set $1-far up"
  ip addr add "$3" dev "$1"
  ip link set "$1" up
}
side stick0 192.168.8.1/24 192.168.8.100/24
side lan0 192.168.1.1/24 192.168.1.10/24
lan() { nsenter -t "$inside" -n ip "$@"; }
lan addr add 192.168.1.64/24 dev lan0-far
lan addr add 192.168.20.64/32 dev lo
# What a router does with a host that is off: nothing.
lan route add blackhole 192.168.20.0/24
ip route add default via 192.168.1.1 metric 100
ip route add default via 192.168.8.1 metric 600
mkfifo "$folder/asked"
"$node" --import ./compile-cache.js test/lab/two-ways-child.ts <"$folder/asked" >"$folder/told" &
exec 3>"$folder/asked"
lines=0
ask() {
  echo ask >&3
  lines=$((lines + 1))
  tries=0
  until [ "$(wc -l <"$folder/told")" -ge "$lines" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ]
    sleep 0.1
  done
}
ask
lan addr del 192.168.1.64/24 dev lan0-far
lan addr del 192.168.20.64/32 dev lo
ip neigh flush dev lan0
ask
lan link set lan0-far down
ask
ip addr del 192.168.1.10/24 dev lan0
ask
lan link set lan0-far up
ip addr add 192.168.1.10/24 dev lan0
ip route replace default via 192.168.1.1 metric 100
ask
cat "$folder/told"
