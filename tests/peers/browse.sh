#!/usr/bin/env bash
# A small browser without scripts (ours), as a person in front of a relying party: browse.sh URL END; see browse.mjs.
. "$(dirname "$0")/lib.sh"
need_node
exec node "$HERE/browse.mjs" "$@"
