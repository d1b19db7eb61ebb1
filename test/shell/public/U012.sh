#!/bin/bash
# What a firewall's configuration compiler writes: helper functions and a line for each class.
qt() { "$@" >/dev/null 2>&1; }

run_tc() {
    if ! tc "$@"; then
        echo "ERROR: Command \"tc $*\" Failed" >&2
        exit 2
    fi
}

setup_device() {
    local device=$1 bands=3 number=${2:-1}
    local -i band flow=3
    local -a map=(1 2 2 2 1 2 0 0)
    while [ ${#map[@]} -lt 16 ]; do map+=(1); done

    run_tc qdisc add dev $device root handle $number: prio bands $bands priomap ${map[@]}

    for ((band = 1; band <= bands; band++)); do
        local minor=$number$band
        flow+=1
        run_tc qdisc add dev $device parent $number:$band handle $minor: sfq quantum 1875 limit 127 perturb 10
        run_tc filter add dev $device protocol all prio $(( band | 16 )) parent $number: handle $band fw classid $number:$band
        run_tc filter add dev $device protocol all prio 1 parent $minor: handle $flow flow hash keys nfct-src divisor 1024
    done
}

setup_device eth0
