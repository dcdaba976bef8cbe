# Sourced by the scripts beside it: runs a stage, says how long it took.

# stage NAME COMMAND… runs COMMAND and prints its seconds; a failure ends the
# script.
stage() {
	local name=$1 from=$SECONDS
	shift
	echo "== $name"
	if ! "$@"; then
		echo "== $name: FAILED after $((SECONDS - from)) s" >&2
		exit 1
	fi
	echo "== $name: $((SECONDS - from)) s"
}

# background NAME COMMAND… starts COMMAND; finished NAME waits for it and shows
# what it wrote if it failed, else what it wrote about stages.
background() {
	local name=$1
	shift
	mkdir -p .cache
	"$@" >".cache/$name.log" 2>&1 &
	printf -v "pid_$name" %s $!
}

finished() {
	local pid=pid_$1
	if ! wait "${!pid}"; then
		cat ".cache/$1.log" >&2
		return 1
	fi
	grep '^== .* s$' ".cache/$1.log" || true
}
