# shellcheck shell=bash
# The processes a script has started, and the promise that none outlives it. To be sourced.
#
# Each child gets a session of its own, so a Ctrl-C in the terminal reaches the script alone and things stop in order:
# last started, first stopped. Should the script itself be killed hard, the kernel tells the children to stop.

declare -a CHILDREN=()
declare -a CHILD_SIGNAL=() # by pid

# Starts COMMAND, to be stopped with SIGNAL. Its pid is left in $CHILD; redirect as for any command.
# (A shell lets background commands ignore SIGINT, which is how Postgres is stopped: that is undone.)
# Descriptor 9 is where a script holds its lock: a child must not hold it too.
start_child() {
    local signal=$1
    shift
    setsid env --default-signal=INT setpriv --pdeathsig "$signal" -- "$@" </dev/null 9>&- &
    CHILD=$!
    CHILDREN+=("$CHILD")
    CHILD_SIGNAL[CHILD]=$signal
}

# Runs COMMAND as a child and waits for it; returns its status. Signals to the script are acted on meanwhile.
attend() {
    start_child TERM "$@"
    local status=0
    wait "$CHILD" || status=$?
    unset 'CHILDREN[-1]'
    return "$status"
}

child_alive() { kill -0 "$1" 2>/dev/null; }

# Stops one child and all that is left of its process group: politely, and after 30 seconds not.
stop_child() {
    local pid=$1 tenths=0
    kill -s "${CHILD_SIGNAL[pid]}" -- "$pid" 2>/dev/null || true
    while child_alive "$pid" && ((tenths++ < 300)); do sleep 0.1; done
    if child_alive "$pid"; then warn "process $pid does not stop: killing it"; fi
    kill -KILL -- "-$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

stop_children() {
    local i
    for ((i = ${#CHILDREN[@]} - 1; i >= 0; i--)); do stop_child "${CHILDREN[i]}"; done
    CHILDREN=()
}

# From here on, however the script ends, the children end first, and then the command given is run.
stop_children_at_exit() {
    AFTER_CHILDREN=$1
    trap 'leave $?' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

leave() {
    trap '' HUP INT TERM
    trap - EXIT
    stop_children
    "$AFTER_CHILDREN"
    exit "$1"
}
