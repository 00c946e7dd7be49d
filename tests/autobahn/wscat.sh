#!/bin/sh
# Runs all cases of a fuzzing server with `wscat --echo`.
#
#   wscat.sh URL NAME [OPTION...]
#
# A case may end with an error: the fuzzing server judges it.
set -eu
url=$1 name=$2
shift 2
wscat=target/tools/wscat
cases=$($wscat --no-close "$url/getCaseCount" < /dev/null)
case=1
while [ "$case" -le "$cases" ]; do
    $wscat --echo "$@" "$url/runCase?case=$case&agent=$name" 2> /dev/null || true
    case=$((case + 1))
done
$wscat --no-close "$url/updateReports?agent=$name" < /dev/null
