#!/bin/sh
# Records the plans of this directory with a real Terraform:
#   cargo build -p tf-plugin --example awkward
#   record.sh TERRAFORM target/debug/examples/awkward [CASE…]
# Each case applies before.tf, breaks things with break.sh, swaps in after.tf, plans with the words of
# `flags`, and keeps the exit code, the addresses that were read, and the plan without its timestamp.
set -eu
terraform=$(realpath "$1")
awkward=$(realpath "$2")
shift 2
cd "$(dirname "$0")"
mirror=$(mktemp -d)
package=$mirror/terraform.local/example/awkward/0.1.0/linux_amd64
mkdir -p "$package"
cp "$awkward" "$package/terraform-provider-awkward"
TF_CLI_CONFIG_FILE=$mirror/terraform.rc
cat >"$TF_CLI_CONFIG_FILE" <<END
provider_installation {
  filesystem_mirror { path = "$mirror" }
}
END
export TF_CLI_CONFIG_FILE CHECKPOINT_DISABLE=1
[ $# -gt 0 ] || set -- */
for case; do
    work=$(mktemp -d)
    here=$PWD/${case%/}
    (
        cd "$work"
        cp "$here/before.tf" main.tf
        [ ! -d "$here/below" ] || cp -r "$here/below" .
        "$terraform" init -input=false >init.log
        "$terraform" apply -input=false -auto-approve >apply.log
        [ ! -e "$here/break.sh" ] || sh "$here/break.sh" "$terraform" >break.log 2>&1
        [ ! -e "$here/after.tf" ] || cp "$here/after.tf" main.tf
        code=0
        # The flags are words.
        # shellcheck disable=SC2046
        "$terraform" plan -json -input=false -detailed-exitcode -out=plan \
            $(cat "$here/flags" 2>/dev/null) >plan.log || code=$?
        echo "$code" >"$here/exit"
        python3 -c 'import json, sys
for line in sys.stdin:
    event = json.loads(line)
    if event.get("type") == "refresh_complete":
        print(event["hook"]["resource"]["addr"])' <plan.log | sort >"$here/refreshed"
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
rm -rf "$mirror"
