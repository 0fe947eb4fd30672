#!/usr/bin/env bash
# run.sh DIRECTORY: the emulation's own test, with the programs that CMake builds there. What is right must pass
# without a report, eagerly and lazily, in several orders; each planted bug must be reported, by its kind.
set -uo pipefail
directory=$1
passed=0 failed=0

check() { # name, status
  if [ "$2" = 0 ]; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo "not ok: $1"
    sed 's/^/  /' <<<"$output"
  fi
}

for streams in eager lazy; do
  for seed in 1 2 3 4 5; do
    output=$(EMULATION_STREAMS=$streams EMULATION_SEED=$seed EMULATION_PROTECT=1 "$directory/emulation_right" 2>&1)
    check "right, $streams, seed $seed" $?
  done
  for program in plain cublas; do # plain: without the checks' hooks
    output=$(EMULATION_STREAMS=$streams "$directory/emulation_$program" 2>&1)
    check "$program, $streams" $?
  done
done

# The waits that are missing show only where work is late.
export EMULATION_STREAMS=lazy EMULATION_PROTECT=1
expect() { # name, kind, command...
  output=$({ "${@:3}"; } 2>&1)
  [ $? != 0 ] && grep -qE "^(emulation: )?$2: " <<<"$output"
  check "$1 is found as: $2" $?
}
while IFS=: read -r name kind; do
  expect "$name" "$kind" "$directory/emulation_bugs" "$name"
done < <("$directory/emulation_bugs")
expect "cublas on a matrix that is too small" "out of bounds" "$directory/emulation_cublas" too_small

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
