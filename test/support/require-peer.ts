import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs from Debian that tests use as real peers: the file that shows it is there, and the package that brings it. */
const peers = {
  snmpd: { program: "snmpd", package: "snmpd" },
  snmpsimd: { program: "snmpsimd", package: "snmpsim" },
  ippeveprinter: { program: "ippeveprinter", package: "cups-ipp-utils" },
  "dbus-daemon": { program: "dbus-daemon", package: "dbus" },
  iperf3: { program: "iperf3", package: "iperf3" },
  ping: { program: "ping", package: "iputils-ping" },
  ip: { program: "ip", package: "iproute2" },
  ethtool: { program: "ethtool", package: "ethtool" },
  nft: { program: "nft", package: "nftables" },
  perl: { program: "perl", package: "perl-base" },
  "prometheus-alertmanager": { program: "prometheus-alertmanager", package: "prometheus-alertmanager" },
  openssl: { program: "openssl", package: "openssl" },
  xmllint: { program: "xmllint", package: "libxml2-utils" },
  "chromium-headless-shell": { program: "/usr/bin/chromium-headless-shell", package: "chromium-headless-shell" },
  pdftotext: { program: "pdftotext", package: "poppler-utils" },
  cupsd: { program: "cupsd", package: "cups-daemon" },
  lpadmin: { program: "lpadmin", package: "cups-client" },
  "avahi-daemon": { program: "avahi-daemon", package: "avahi-daemon" },
  "avahi-publish": { program: "avahi-publish", package: "avahi-utils" },
  wsdd: { program: "wsdd", package: "wsdd" },
  dnsmasq: { program: "dnsmasq", package: "dnsmasq-base" },
  udhcpc: { program: "udhcpc", package: "udhcpc" },
  "systemd-analyze": { program: "systemd-analyze", package: "systemd" },
  libfaketime: { program: "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", package: "libfaketime" },
  postgres: { program: "/usr/lib/postgresql/15/bin/postgres", package: "postgresql-15" },
  zabbix_server: { program: "zabbix_server", package: "zabbix-server-pgsql" },
  influxd: { program: "influxd", package: "influxdb" },
  wine: { program: "wine", package: "wine wine64" },
  "gst-rtsp-server": {
    program: "/usr/lib/x86_64-linux-gnu/girepository-1.0/GstRtspServer-1.0.typelib",
    package: "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly",
  },
} as const;
export type Peer = keyof typeof peers;

/** Paths in which a peer may lie besides PATH: daemons are not on every user's path. */
const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/sbin"];

/**
 * Says whether a peer is here. A missing one is named with the package that brings it: with CI=true that is an error,
 * elsewhere the caller skips its tests: `describe.skipIf(!requirePeer("snmpd"))`.
 */
export function requirePeer(...names: readonly Peer[]): boolean {
  const missing = names.filter((name) => !isHere(peers[name].program));
  if (missing.length === 0) return true;
  const packages = missing.map((name) => peers[name].package).join(" ");
  const message = `${missing.join(", ")} not found: these tests need it. On Debian or Ubuntu: sudo apt-get install --no-install-recommends ${packages}`;
  if (process.env.CI === "true") throw new Error(message);
  console.warn(message);
  return false;
}

function isHere(program: string): boolean {
  return program.startsWith("/") ? existsSync(program) : folders.some((folder) => existsSync(join(folder, program)));
}
