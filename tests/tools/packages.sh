#!/bin/sh
# packages.sh PACKAGE...: installs the packages of Debian that are missing, as root. No service is
# started.
set -eu

missing=""
for package; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2> /dev/null) || status=""
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
[ "$(id -u)" -eq 0 ] || { echo "run as root: apt-get install$missing" >&2; exit 1; }
echo "installing packages of Debian:$missing"

policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod +x $policy
fi

# A list of another repository may fail.
apt-get update -qq || true
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -qq -y \
    --no-install-recommends $missing > /dev/null
