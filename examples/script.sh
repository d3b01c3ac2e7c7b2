#!/bin/sh
# One question from a script: the key comes by stdin, the answer as JSON, the exit code says who must act.
# usage: KEY=... script.sh QUESTION
set -u

printf %s "$KEY" | claw auth --api-key openai --stdin --quiet || exit

answer=$(claw prompt -m openai --json --timeout 2m "$1" < /dev/null)
code=$?
case $code in
  0) printf '%s\n' "$answer" ;;
  69 | 75 | 81) echo "not now, try again later (exit $code)" >&2 ;;
  77) echo "the key was refused: store another one" >&2 ;;
  *) echo "claw ended with exit $code" >&2 ;;
esac
exit "$code"
