#!/usr/bin/env bash
# Ends the servers that these scripts started, and no other process: stop.sh [NAME...]
. "$(dirname "$0")/lib.sh"
shopt -s nullglob
if [ $# -eq 0 ]; then for file in "$P"/run/*; do case $file in *.port | *.settings) ;; *) set -- "$@" "${file##*/}" ;; esac; done; fi
for name in "$@"; do stop "$name"; done
