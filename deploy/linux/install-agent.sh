#!/bin/sh
# Makes this PC the gateway PC of a centre: the service hcc-agent, which starts at boot and again after each end, and the command hcc-agent in any folder.
# Running it again puts both right, for example after an update. --uninstall takes them away and keeps the data.
#
#   sudo sh deploy/linux/install-agent.sh
#   sudo hcc-agent enrol --collector https://giam-sat.example.vn
#
# With DESTDIR the files are laid out below that folder and nothing of this machine is touched: for packages and tests.
set -eu
destination=${DESTDIR:-}
user=hcc-agent
data=/var/lib/hcc-agent
cache=/var/cache/hcc-agent
unit=/etc/systemd/system/hcc-agent.service
command=/usr/local/bin/hcc-agent
sudoers=/etc/sudoers.d/hcc-agent

say() { printf '%s\n%s\n' "$1" "$2"; }
fail() { say "Không cài được: $1" "Not installed: $2" >&2; exit 1; }

here=$(dirname -- "$(readlink -f -- "$0")")
root=$(cd -- "$here/../.." && pwd -P)
program=$root/deploy/linux/hcc-agent

require_machine() {
  [ -z "$destination" ] || return 0
  [ "$(id -u)" = 0 ] || fail "cần quyền quản trị, chạy lại với sudo." "administrator rights are needed, run it with sudo."
  [ -d /run/systemd/system ] || fail "máy này không dùng systemd." "this machine does not run systemd."
}

require_program() {
  case $root in
    *[\"\$\\%\'\`\&\|]*) fail "tên thư mục \"$root\" có ký tự lạ; chuyển chương trình giám sát về /opt/hcc-watch." "the folder \"$root\" has odd characters; move the program to /opt/hcc-watch." ;;
  esac
  [ -x "$root/node_modules/node/bin/node" ] || fail "thiếu Node.js, vào thư mục \"$root\" rồi chạy: npm ci" "Node.js is missing, go to \"$root\" and run: npm ci"
  [ -z "$destination" ] || return 0
  case $root/ in
    /home/* | /root/* | /run/user/* | /tmp/* | /var/tmp/*)
      fail "dịch vụ không đọc được \"$root\"; chuyển chương trình giám sát về /opt/hcc-watch." "the service cannot read \"$root\"; move the program to /opt/hcc-watch." ;;
  esac
}

# A user of its own and not a dynamic one: commands that people type run as this user, too, so that it owns all of the data.
make_user() {
  id "$user" >/dev/null 2>&1 || useradd --system --user-group --home-dir "$data" --no-create-home --shell /usr/sbin/nologin "$user"
  runuser -u "$user" -- test -r "$root/agent/main.ts" -a -x "$root/node_modules/node/bin/node" ||
    fail "người dùng $user không đọc được \"$root\"; chạy: chmod -R a+rX \"$root\"" "the user $user cannot read \"$root\"; run: chmod -R a+rX \"$root\""
  install -d -m 0700 -o "$user" -g "$user" "$data" "$cache"
}

write_unit() {
  mkdir -p "$destination${unit%/*}"
  sed "s|@PROGRAM@|$program|" "$here/hcc-agent.service" > "$destination$unit"
  chmod 0644 "$destination$unit"
}

write_command() {
  mkdir -p "$destination${command%/*}"
  cat > "$destination$command" <<END
#!/bin/sh
# Written by install-agent.sh: the agent's commands as the user who owns its data.
export HCC_AGENT_DATA=$data NODE_COMPILE_CACHE=$cache
umask 077
case \$(id -un) in
  $user) exec /bin/sh '$program' "\$@" ;;
  root) exec runuser -u $user -- /bin/sh '$program' "\$@" ;;
esac
if ! command -v sudo >/dev/null; then
  echo "Cần quyền quản trị: đăng nhập root rồi chạy lại." >&2
  echo "Administrator rights are needed: log in as root and run it again." >&2
  exit 77
fi
exec sudo -u $user -- $command "\$@"
END
  chmod 0755 "$destination$command"
}

# A clerk has no administrator's password and is told to look: these words and no others, so that nobody chooses a file, an address or a collector.
write_sudoers() {
  [ -n "$destination" ] || { command -v visudo >/dev/null && [ -d "${sudoers%/*}" ]; } || return 0
  mkdir -p "$destination${sudoers%/*}"
  cat > "$destination$sudoers.new" <<END
# Written by install-agent.sh: whoever sits at this PC may look.
ALL ALL=($user) NOPASSWD: $command self-check, $command self-check --quick, $command self-check --list, $command status
END
  chmod 0440 "$destination$sudoers.new"
  if [ -z "$destination" ] && ! visudo -cqf "$sudoers.new"; then
    rm -f "$sudoers.new"
    fail "sudo không nhận $sudoers." "sudo does not take $sudoers."
  fi
  mv "$destination$sudoers.new" "$destination$sudoers"
}

install_agent() {
  require_program
  [ -n "$destination" ] || make_user
  write_unit
  write_command
  write_sudoers
  [ -z "$destination" ] || return 0
  systemctl daemon-reload
  systemctl enable hcc-agent
  systemctl restart hcc-agent
  [ ! -e "$data/agent.json" ] || { say "Đã cài và khởi động lại dịch vụ hcc-agent." "The service hcc-agent is installed and was restarted."; return 0; }
  say "Đã cài dịch vụ hcc-agent. Đăng ký máy này: sudo hcc-agent enrol --collector ĐỊA_CHỈ" "The service hcc-agent is installed. Enrol this PC: sudo hcc-agent enrol --collector URL"
}

uninstall_agent() {
  [ -n "$destination" ] || systemctl disable --now hcc-agent || true
  rm -f "$destination$unit" "$destination$command" "$destination$sudoers"
  rm -rf "$destination$cache"
  [ -n "$destination" ] || systemctl daemon-reload
  say "Đã gỡ dịch vụ hcc-agent. Dữ liệu vẫn còn ở $data." "The service hcc-agent is removed. Its data stays in $data."
}

case ${1-} in
  "" | --uninstall) ;;
  *) say "Cách dùng: install-agent.sh [--uninstall]" "Usage: install-agent.sh [--uninstall]" >&2; exit 64 ;;
esac
require_machine
if [ "${1-}" = --uninstall ]; then uninstall_agent; else install_agent; fi
