# shellcheck shell=bash
# Which TCP ports of this machine are taken. To be sourced.

# Does somebody listen on HOST:PORT? An address for "all interfaces" is asked for on loopback.
port_taken() {
    local host=$1 port=$2
    case $host in '' | 0.0.0.0 | '*' | '[::]' | '::') host=127.0.0.1 ;; esac
    (exec 3<>"/dev/tcp/${host//[\[\]]/}/$port") 2>/dev/null
}

# The first free port from FIRST upwards. Another process may still be quicker: callers try again.
free_port() {
    local port
    for ((port = $1; port < $1 + 500; port++)); do
        if ! port_taken 127.0.0.1 "$port"; then
            echo "$port"
            return
        fi
    done
    die "no free port between $1 and $port"
}

# Somewhere to begin to look, below the range from which the kernel takes ports of outgoing connections.
random_port() { echo $((20000 + RANDOM % 12000)); }
