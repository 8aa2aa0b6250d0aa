# A LAN with a DHCP server and three phones that drop echo requests, in namespaces of its own; prints one outcome of the real agent per line:
# with the server's lease file, with a router's neighbour table over SNMP, and with nothing but the sweep of this PC.
# Called as: unshare --net --pid --fork --kill-child --mount-proc sh wifi-lan.sh FOLDER NODE
set -e
folder=$1
node=$2
. test/lab/namespace.sh
ip link set lo up
ip link add vgw type veth peer name vlan0
ip addr add 10.99.0.1/24 dev vgw
ip link set vgw up
ip link set vlan0 up
dnsmasq --no-daemon --conf-file=/dev/null --user=root --interface=vgw --bind-interfaces --port=0 --no-ping --dhcp-range=10.99.0.100,10.99.0.149,1h --dhcp-leasefile="$folder/leases" 2>"$folder/dnsmasq.log" &
cat >"$folder/bound.sh" <<'BOUND'
#!/bin/sh
[ "$1" = bound ] && ip addr add "$ip/24" dev "$interface"
exit 0
BOUND
chmod +x "$folder/bound.sh"
for number in 1 2 3; do
  unshare --net sleep 120 &
  phone=$!
  ip link add "mv$number" link vlan0 type macvlan mode bridge
  await_namespace "$phone"
  ip link set "mv$number" netns "$phone"
  nsenter -t "$phone" -n sh -c "ip link set lo up; ip link set mv$number up; echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all; udhcpc -i mv$number -n -q -t 10 -T 1 -s $folder/bound.sh" >>"$folder/udhcpc.log" 2>&1
done
printf 'agentAddress udp:10.99.0.1:1161\nrocommunity public\n' >"$folder/snmpd.conf"
SNMP_PERSISTENT_DIR="$folder" snmpd -f -Lo -C -c "$folder/snmpd.conf" >"$folder/snmpd.log" 2>&1 &
ask() { "$node" --import ./compile-cache.js agent/main.ts probe wifi-clients --json --options "$1"; }
target='"address":"10.99.0.1","port":1161,"id":"router","snmp":{"version":"2c"},"subnets":["10.99.0.0/24"]'
until ask "{$target}" >"$folder/sweep.json" && grep -q measured "$folder/sweep.json"; do sleep 0.2; done
ask "{$target,\"leaseFile\":\"$folder/leases\"}"
echo 1 >/proc/sys/net/ipv4/ip_forward
ask "{$target}"
cat "$folder/sweep.json"
