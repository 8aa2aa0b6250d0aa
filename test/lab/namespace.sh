# What the labs in namespaces share; read in by them, with `folder` set.

# A lab that breaks off tells what its programs wrote.
trap 'code=$?; [ "$code" = 0 ] || tail -n 30 "$folder"/*.log >&2; exit "$code"' EXIT

# Waits until a process begun as `unshare --net` has left this namespace. A link moved to it earlier would be moved here, which succeeds and does nothing.
await_namespace() {
  until [ "$(readlink "/proc/$1/ns/net")" != "$(readlink "/proc/$$/ns/net")" ]; do sleep 0.05; done
}
