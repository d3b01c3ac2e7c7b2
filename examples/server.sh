#!/bin/sh
# Sign a server in. Somebody approves the printed code in a browser on any other machine.
set -eu

claw auth --device moonshot

# From now on every process of this user shares the grant, and one of them refreshes it.
claw prompt -m moonshot "say hello"

# For cron: renew whatever would run out within two hours.
claw auth refresh --all --min-ttl 2h

claw doctor --provider moonshot
