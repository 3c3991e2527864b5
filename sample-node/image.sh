#!/bin/sh
# Makes an image of programs of this machine and the libraries that they load: image.sh FOLDER PROGRAM [PROGRAM|FILE…]
# The first one is the program that tasks name. What a FILE loads comes along; a FILE that is there already stays.
# The task server itself needs `env` and `umount` in each image.
set -eu
PATH=/usr/bin:/bin:/usr/sbin:/sbin
folder=$1; shift
root=$folder/rootfs
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/etc" "$root/tmp"
for top in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$top" ] && [ ! -e "$root/$top" ]; then
    mkdir -p "$root/usr/$top"
    ln -sfn "$(readlink "/$top")" "$root/$top"
  fi
done
put() {
  [ -e "$root$1" ] && return
  mkdir -p "$root$(dirname "$1")"
  cp -L "$1" "$root$1"
}
# not `command -v`: it would name what the shell has built in
found() {
  for at in /usr/bin /bin /usr/sbin /sbin; do
    if [ -x "$at/$1" ]; then echo "$at/$1"; return; fi
  done
  echo "\`$1\` is not on this machine" >&2
  return 1
}
program=
for word in "$@" env umount; do
  case $word in
    /*) file=$word ;;
    *) file=$(found "$word") ;;
  esac
  program=${program:-$file}
  put "$file"
  # a script or a static program loads nothing
  { ldd "$file" 2>/dev/null || :; } | { grep -o '/[^ ]*' || :; } | while read -r library; do
    [ ! -f "$library" ] || put "$library"
  done
done
[ -e "$folder/image.json" ] ||
  printf '{ "program": "%s", "env": { "PATH": "/usr/bin:/bin", "HOME": "/tmp" } }\n' "$program" >"$folder/image.json"
