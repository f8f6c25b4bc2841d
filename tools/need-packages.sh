#!/bin/sh
# need-packages.sh NAME...: install those Debian packages that are missing, as root or with sudo.
set -eu

missing=""
for name in "$@"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $name"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    echo "These Debian packages are missing, and installing them takes root:$missing" >&2
    echo "Run: sudo apt-get install$missing" >&2
    exit 1
fi

echo "Installing Debian packages:$missing"
# No service is started: the tests start their own servers, on ports of their own.
policy=/usr/sbin/policy-rc.d
made_policy=""
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod +x "$policy"
    made_policy=yes
fi
log=$(mktemp)
result=0
{
    $as_root apt-get update &&
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install --yes --no-install-recommends $missing
} >"$log" 2>&1 </dev/null || result=$?
[ -n "$made_policy" ] && $as_root rm -f "$policy"
if [ "$result" -ne 0 ]; then
    tail -n 20 "$log" >&2
    echo "The Debian packages could not be installed:$missing" >&2
fi
rm -f "$log"
exit "$result"
