#!/bin/sh
# Records the plans of this directory with a real Terraform: record.sh TERRAFORM
# Each case applies before.tf, swaps in after.tf, plans with the words of `flags`, and keeps the
# exit code and the plan without its timestamp.
set -eu
terraform=$1
cd "$(dirname "$0")"
for case in */; do
    work=$(mktemp -d)
    here=$PWD/${case%/}
    (
        cd "$work"
        export CHECKPOINT_DISABLE=1
        cp "$here/before.tf" main.tf
        "$terraform" init -input=false >init.log
        "$terraform" apply -input=false -auto-approve >apply.log
        [ ! -e "$here/break.sh" ] || sh "$here/break.sh" "$terraform" >break.log 2>&1
        [ ! -e "$here/after.tf" ] || cp "$here/after.tf" main.tf
        code=0
        # The flags are words.
        # shellcheck disable=SC2046
        "$terraform" plan -input=false -detailed-exitcode -out=plan \
            $(cat "$here/flags" 2>/dev/null) >plan.log || code=$?
        echo "$code" >"$here/exit"
        "$terraform" show -json plan >shown.json
        python3 -c 'import json, sys
plan = json.load(sys.stdin)
plan.pop("timestamp", None)
json.dump(plan, sys.stdout, indent=1)
print()' <shown.json >"$here/plan.json"
    )
    rm -rf "$work"
    echo "${case%/}: exit $(cat "$case/exit")"
done
