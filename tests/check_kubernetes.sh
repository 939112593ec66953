#!/bin/sh
# SPDX-License-Identifier: MIT
# scripts/kubernetes: its manifests fit Kubernetes' schemas, the Kyverno policy does what it says, and
# the containers that they describe run, by runc, as Kubernetes would have them run. There is no
# cluster here, and no Kyverno: tests/kubernetes/kyverno.js does what it would.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
. scripts/man/pages.sh
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

manifests=scripts/kubernetes
NODE_PATH=$PWD/build/tests/kubernetes/node_modules
export NODE_PATH
dir=$(mktemp -d) || exit 1
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	runc --root "$dir/state" kill "redial-kubernetes-$$-stat" KILL 2>/dev/null
	stop_server
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM
chmod 755 "$dir"

show() { node tests/kubernetes/show.js "$manifests" "$1"; }

held=0
node tests/kubernetes/check.js "$manifests" >"$dir/told" 2>&1 ||
	fail "the manifests are read" "$(cat "$dir/told")"
while IFS= read -r line; do
	case $line in
	"ok "*) pass "${line#ok }" && held=$((held + 1)) ;;
	"bad "*) fail "${line#bad }" ;;
	*) printf '       %s\n' "$line" ;;
	esac
done <"$dir/told"
at_least "statements on the manifests that hold" 48 "$held"

mkdir "$dir/policy"
show "configmap data redial.cfg" >"$dir/policy/redial.cfg"
none "the ConfigMap's policy is right" "$(build/redial-policy check "$dir/policy/redial.cfg" 2>&1)"
none "the page's commands name files, image and annotation that there are" "$(
	section scripts/README.md Kubernetes >"$dir/page"
	{ echo redial/inject; echo redial/stat; echo registry.example/redial; ls $manifests/*; } | while read -r word; do
		grep -q "$word" "$dir/page" || echo "the page lacks: $word"
	done
	for also in '}' ', redial/stat: "true"}'; do
		grep -qF "{redial/inject: \"true\"$also" $manifests/kyverno.yaml || echo "another annotation"
	done
	grep -h ' image: .*redial' $manifests/*.yaml | grep -v ' registry.example/redial$')"
none "the manifests fit 100 columns" "$(awk 'length > 100 { print FILENAME ": " $0 }' $manifests/*)"

# What Dockerfile sends is all that `make image` asks for.
mkdir "$dir/sent"
sed -n 's/^COPY \([a-zA-Z][^ ]*\) .*/\1/p' $manifests/Dockerfile | while read -r part; do
	mkdir -p "$dir/sent/$(dirname "$part")"
	cp -r "$part" "$dir/sent/$part"
done
none "Dockerfile sends what make needs" \
	"$(env -u MAKEFLAGS -u MAKELEVEL make -C "$dir/sent" -n image 2>&1 >/dev/null)"
none "nothing in the image needs a libc" "$(
	for file in build/image/*; do readelf -lW "$file" | grep INTERP && echo "$file"
		readelf -dW "$file" | grep NEEDED && echo "$file"; done)"

# container NAME BUNDLE-OPTIONS... -- COMMAND...
container() {
	name=$1
	shift
	for word; do
		[ "$word" != -- ] || break
		bundle=$word
	done
	sh scripts/containers/bundle.sh --read-only "$@" && timeout 60 runc --root "$dir/state" run \
		--bundle "$bundle" "redial-kubernetes-$$-$name"
}

image=
for file in build/image/*; do image="$image --file $file:/${file##*/}"; done
# init NUMBER BUNDLE-OPTIONS...: an init container of the Deployment.
# shellcheck disable=SC2086,SC2046 # lists of words
init() {
	which=$1
	shift
	container "init-$which-$runs" --user 10001 $image --mount "$dir/shared:/redial:rw" "$@" "$dir/bundle" -- \
		$(show "deployment spec template spec initContainers $which command") 2>&1
}

# pod STATEMENT: runs the init containers, and looks at what they leave.
runs=0
pod() {
	runs=$((runs + 1))
	none "init containers, $1: the first one is quiet" "$(init 0)"
	none "init containers, $1: the second one is quiet" "$(init 1 --mount "$dir/policy:/policy")"
	equal "init containers, $1: what they leave" \
		"libredial.so 644, redial-entrypoint 755, redial.policy 644" "$(
		find "$dir/shared" -type f -printf '%P %m\n' | sort | paste -sd, | sed 's/,/, /g')"
}

# begin_stat: the sidecar of stat.yaml, but at a free port. Sets at.
begin_stat() {
	# shellcheck disable=SC2046 # a list of words
	set -- $(show "stat spec template spec initContainers 0 command" | sed 's/:[0-9]*$/:0/')
	container stat --user 65532 $image --mount "$dir/told_in:/redial-state" "$dir/stat" -- "$@" \
		2>"$dir/stat-said" &
	sidecar=$!
	tries=0
	until at=$(sed -n 's|^redial stat: http://0.0.0.0:\(.*\)/metrics$|127.0.0.1:\1|p' "$dir/stat-said") &&
		[ -n "$at" ] || [ $((tries += 1)) -gt 400 ]; do sleep 0.05; done
}

# metric NAME-AND-LABELS: its value of what the sidecar says of this program.
metric() {
	curl -s "http://$at/metrics" | grep "^$1{.*program=\"client\"" | grep -F "${2-}" | sed 's/.* //'
}

# app FAULT [VARIABLE...]: the Deployment's container, with another program. Sets ok, asked and told.
app() {
	start_server --log "$dir/seen" --fault "$1"
	shift
	runs=$((runs + 1))
	: >"$dir/seen"
	out=$(container "app-$runs" --user 10001 --copy build/tests/clients/blocking_client:/client \
		--mount "$dir/shared:/redial" "$@" "$dir/bundle" -- /client "http://127.0.0.1:$port/r" 4 2>&1)
	ok=$(printf '%s\n' "$out" | grep -c '^ok ')
	asked=$(grep -c '^request ' "$dir/seen")
	told=$(printf '%s\n' "$out" | grep -c 'redial\[1\]: event=outcome result=recovered')
}

# env_of [MANIFEST COUNT]: the variables that it gives the Deployment's container.
env_of() {
	for i in $(seq 0 $((${2:-2} - 1))); do
		printf ' --env %s=%s' "$(show "${1:-deployment} spec template spec containers 0 env $i name")" \
			"$(show "${1:-deployment} spec template spec containers 0 env $i value")"
	done
}

# What Prometheus finds in the sidecar while the Deployment's container runs, and then.
scraped() {
	mkdir -m 1777 "$dir/told_in"
	begin_stat
	equal "the sidecar, no container yet: launches" "redial_launches 0" \
		"$(curl -s "http://$at/metrics" | grep '^redial_launches ')"
	start_server --fault status=503@once:2
	# shellcheck disable=SC2046 # a list of words
	sh scripts/containers/bundle.sh --read-only --user 10001 --copy \
		build/tests/clients/blocking_client:/client --mount "$dir/shared:/redial" $(env_of) \
		--mount "$dir/told_in:/redial-state:rw" $(env_of stat 1) "$dir/app" -- \
		/client "http://127.0.0.1:$port/r" 300 GET 100
	timeout 60 runc --root "$dir/state" run --bundle "$dir/app" "redial-kubernetes-$$-app" \
		>"$dir/app-said" 2>&1 &
	app=$!
	tries=0
	until [ "$(metric redial_outcomes_total 'result="recovered"')" = 1 ] ||
		[ $((tries += 1)) -gt 200 ]; do sleep 0.05; done
	equal "the sidecar: rescues, connections of another container's program" "1 1" \
		"$(metric redial_outcomes_total 'result="recovered"') $(metric redial_connections)"
	if command -v promtool >/dev/null; then
		none "promtool: what the sidecar says" \
			"$(curl -s "http://$at/metrics" | promtool check metrics 2>&1)"
	else
		echo "     promtool is not there: it has not looked at what the sidecar says"
	fi
	runc --root "$dir/state" kill "redial-kubernetes-$$-app" KILL
	wait "$app"
	runc --root "$dir/state" kill "redial-kubernetes-$$-stat" TERM
	wait "$sidecar"
	equal "the sidecar, asked to end: exit status" 0 $?
	none "it has written nothing to the folder" "$(find "$dir/told_in" -user 65532)"
}

hindrance() {
	command -v runc >/dev/null || { echo "runc is not installed" && return; }
	[ "$(id -u)" -eq 0 ] || { echo "not root, so no other user can be" && return; }
	mkdir "$dir/probe"
	container probe --file build/redial-entrypoint:/e "$dir/bundle" -- /e --version >"$dir/said" 2>&1 ||
		{ sed -n 's/.*msg="\(.*\)"$/\1/p' "$dir/said" | tail -n 1; echo "runc fails"; }
}

why=$(hindrance)
if [ -n "$why" ]; then
	echo "     the containers cannot be run here: $why"
else
	mkdir -m 1777 "$dir/shared"
	pod "a new pod"
	pod "a restarted one"
	app status=503@once:2
	equal "bare: answered, requests, rescues in the log" "3 4 0" "$ok $asked $told"
	# shellcheck disable=SC2046
	app status=503@once:2 $(env_of)
	equal "with the variables of the Deployment" "4 5 1" "$ok $asked $told"
	scraped
	echo 'retry = { statuses = []; };' >"$dir/policy/redial.cfg"
	pod "another policy"
	# shellcheck disable=SC2046
	app status=503@once:2 $(env_of)
	equal "with another policy in the ConfigMap" "3 4 0" "$ok $asked $told"
	echo 'retry = 1;' >"$dir/policy/redial.cfg"
	out=$(init 1 --mount "$dir/policy:/policy")
	equal "a bad policy: the pod does not start, exit status" 1 $?
	equal "a bad policy: file and line are told" 1 "$(printf '%s\n' "$out" | grep -c '/policy/redial.cfg:1: ')"
fi

check_end
