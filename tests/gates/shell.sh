#!/bin/sh
# No shell script has a fault that shellcheck finds.
set -eu
cd "$(dirname "$0")/../.."

scripts=$(git ls-files -z | xargs -0 grep -lE '^#!.*[/ ](ba)?sh$')
shellcheck $scripts
echo "shell: $(echo "$scripts" | wc -l) scripts"
